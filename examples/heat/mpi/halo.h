#ifndef HALO_H
#define HALO_H

#include <mpi.h>

#include "grid.h"

/* The part of the plate that this rank computes, and the ranks above and below (MPI_PROC_NULL at the edge). */
typedef struct {
    int rank;
    int size;
    int first_row;
    int rows;
    int above;
    int below;
} Part;

Part part_of(MPI_Comm comm);
void halo_exchange(Grid *grid, const Part *part, MPI_Comm comm);

#endif
