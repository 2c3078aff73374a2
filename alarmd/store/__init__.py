"""What must survive: the log, alarms, effects, organisation versions, keys. SQLite or PostgreSQL behind the port
`Store`; the only room that speaks SQL. `open_database` is its door.
"""

from alarmd.store.database import Database, open_database
from alarmd.store.facade import InlineStore, ThreadedStore

__all__ = ["Database", "InlineStore", "ThreadedStore", "open_database"]
