"""Training of the argument ranker (``codepar.mpi.ranking``)."""
