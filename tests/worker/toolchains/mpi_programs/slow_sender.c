// ranks: 3
// status: ok
// One rank sleeps 8 s before it sends what the others wait for.
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int x = 1;
    if (rank == 2) sleep(8);
    MPI_Bcast(&x, 1, MPI_INT, 2, WORLD);
    if (rank == 0) MPI_Recv(&x, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, WORLD, IGNORE);
    if (rank == 1) MPI_Send(&x, 1, MPI_INT, 0, 5, WORLD);
    return finish();
}
