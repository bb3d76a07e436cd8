"""Static checks of programs that already have their MPI calls: replayed rank by rank, nothing is compiled or run."""
