"""mpi4py programs: their MPI calls found, taken out and put back."""
