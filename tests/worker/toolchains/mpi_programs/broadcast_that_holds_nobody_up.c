// ranks: 3
// status: ok
// Rank 1 enters the broadcast only after rank 2 has left it; the root is late.
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int x = 1;
    if (rank == 0) sleep(6);
    if (rank == 1) MPI_Recv(&x, 1, MPI_INT, 2, 1, WORLD, IGNORE);
    MPI_Bcast(&x, 1, MPI_INT, 0, WORLD);
    if (rank == 2) MPI_Send(&x, 1, MPI_INT, 1, 1, WORLD);
    return finish();
}
