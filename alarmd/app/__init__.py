"""The composition root: the only place that names concrete adapters. `daemon.py` starts and stops them, `desks.py` is
what the doors see of the loop. Nothing happens on import.
"""
