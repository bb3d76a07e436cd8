"""What alembic calls to run the steps, in the transaction that the caller holds. Limits: no offline mode."""

from __future__ import annotations

from alembic import context

from codepar.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
