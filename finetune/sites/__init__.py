"""Training of the site scorer: which MPI calls are missing at which places of a function. Needs the `train` extra."""
