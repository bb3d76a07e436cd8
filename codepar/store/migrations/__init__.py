"""The schema's history. Limits: run by ``codepar.store.migrate`` only, never by the alembic command."""
