"""Ways in: each door reads its own protocol, hands a signal to the desk, and says yes only after the desk has."""
