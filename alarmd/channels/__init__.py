"""Ways out to people, one file each. A channel words a message, hands it to its provider once, and says by an Outcome
what became of it.

It keeps no queue, tries nothing twice and decides nothing: which contact, when and how often is decided and stored
further in, and the outbox looks at the alarm again just before it calls. No number, address or token ever stands in a
log line or an Outcome. The table of all channels is `registry.py`.
"""
