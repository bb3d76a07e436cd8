/* Heat spreads over a plate: each rank computes a band of rows and exchanges edge rows with its neighbours. */
#include <mpi.h>
#include <stdio.h>

#include "grid.h"
#include "halo.h"

int main(int argc, char **argv)
{
    double change, largest, heat, total;

    MPI_Init(&argc, &argv);
    Part part = part_of(MPI_COMM_WORLD);
    Grid grid = grid_create(part.rows, part.first_row);

    for (int step = 1; step <= STEPS; step++) {
        halo_exchange(&grid, &part, MPI_COMM_WORLD);
        change = grid_step(&grid, part.first_row);
        if (step % 100 == 0) {
            MPI_Reduce(&change, &largest, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
            if (part.rank == 0) {
                printf("step %d: largest change %.6f\n", step, largest);
            }
        }
    }
    heat = grid_sum(&grid);
    MPI_Reduce(&heat, &total, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
    if (part.rank == 0) {
        printf("heat %.4f\n", total);
    }

    grid_free(&grid);
    MPI_Finalize();
    return 0;
}
