// ranks: 3
// status: deadlock
// says: mismatch: collective 1 of MPI_COMM_WORLD: rank
// says: MPI_Bcast(root=1) at main.c:ONE
// says: MPI_Reduce(root=1) at main.c:TWO
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    static double x[100000], y[100000];
    if (rank == 0)
        MPI_Bcast(x, 100000, MPI_DOUBLE, 1, WORLD); // ONE
    else
        MPI_Reduce(x, y, 100000, MPI_DOUBLE, MPI_SUM, 1, WORLD); // TWO
    MPI_Barrier(WORLD);
    return finish();
}
