"""mpi4py for the static checks: Python's own parser, and the replay of the C side with Python's values and methods."""
