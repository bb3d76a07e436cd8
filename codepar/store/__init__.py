"""The database: jobs, leases, idempotency keys; SQLAlchemy tables and alembic migrations."""
