"""What may be lost: telling sister nodes that the log has grown. See `alarmd.ports.Relay`."""
