"""The capabilities end to end; API, worker and CLI call only these."""
