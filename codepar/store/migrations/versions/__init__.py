"""One file a step of the schema. Limits: a published step is never edited; add another."""
