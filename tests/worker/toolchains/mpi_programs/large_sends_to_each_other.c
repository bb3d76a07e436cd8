// ranks: 2
// status: deadlock
// says: deadlock: rank 1 waits in MPI_Ssend(dest=0, tag=7) at main.c:LINE
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int n = 500000, *b = malloc(4 * n);
    MPI_Ssend(b, n, MPI_INT, 1 - rank, 7, WORLD); // LINE
    MPI_Recv(b, n, MPI_INT, 1 - rank, 7, WORLD, IGNORE);
    return finish();
}
