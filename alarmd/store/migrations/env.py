"""Alembic's entry: runs the migrations on the connection, and inside the transaction, that `upgrade.py` gives it."""

from alembic import context

from alarmd.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
