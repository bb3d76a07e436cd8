"""The PMPI shim in C, one file a theme; ``worker/toolchains/shim.py`` compiles them into one library. Limits: no Python here."""
