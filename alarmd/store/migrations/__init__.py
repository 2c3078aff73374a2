"""The steps from one release's tables to the next; `upgrade.py` runs them. A step is written once and never changed."""
