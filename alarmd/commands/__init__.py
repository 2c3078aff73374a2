"""What the command line does, one file a command. Each works beside a running daemon and without one: it writes
through the store, and the daemon notices within 250 ms. `cli.py` parses the arguments and calls these; they print to
stdout and raise AlarmdError with a clear text.
"""
