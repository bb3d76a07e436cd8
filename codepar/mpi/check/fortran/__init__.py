"""Fortran for the static checks: parsed by statement, followed by the replay of the C side through nodes of its own."""
