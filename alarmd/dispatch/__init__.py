"""The loop: events come in by one door, are decided and committed, effects go out by one door. Owns no protocol and
no SQL.
"""
