"""Ranks the arguments of an MPI call whose function and place are known: candidates from scope, scored by a trained model."""
