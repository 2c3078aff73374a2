"""Keys, accounts, sessions and roles: who may do what where. One table (`rights.py`), asked by every door."""
