// ranks: 2
// status: deadlock
// says: mismatch: collective 1 of MPI_COMM_WORLD
// says: MPI_Gather(root=1)
// says: MPI_Gather(root=0)
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int n = 300000, *x = calloc(n, 4), *y = calloc(2 * n, 4);
    MPI_Gather(x, n, MPI_INT, y, n, MPI_INT, 1 - rank, WORLD);
    return finish();
}
