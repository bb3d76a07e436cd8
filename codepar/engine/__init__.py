"""Language models behind the ``Generator`` protocol."""
