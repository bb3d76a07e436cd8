#include "halo.h"

Part part_of(MPI_Comm comm)
{
    Part part;

    MPI_Comm_rank(comm, &part.rank);
    MPI_Comm_size(comm, &part.size);
    part.first_row = ROWS * part.rank / part.size;
    part.rows = ROWS * (part.rank + 1) / part.size - part.first_row;
    part.above = part.rank > 0 ? part.rank - 1 : MPI_PROC_NULL;
    part.below = part.rank < part.size - 1 ? part.rank + 1 : MPI_PROC_NULL;
    return part;
}

/* Fill the rows above and below with the neighbours' edge rows. */
void halo_exchange(Grid *grid, const Part *part, MPI_Comm comm)
{
    MPI_Request requests[4];

    MPI_Irecv(grid_row(grid, 0), COLUMNS, MPI_DOUBLE, part->above, 0, comm, &requests[0]);
    MPI_Irecv(grid_row(grid, grid->rows + 1), COLUMNS, MPI_DOUBLE, part->below, 1, comm, &requests[1]);
    MPI_Isend(grid_row(grid, 1), COLUMNS, MPI_DOUBLE, part->above, 1, comm, &requests[2]);
    MPI_Isend(grid_row(grid, grid->rows), COLUMNS, MPI_DOUBLE, part->below, 0, comm, &requests[3]);
    MPI_Waitall(4, requests, MPI_STATUSES_IGNORE);
}
