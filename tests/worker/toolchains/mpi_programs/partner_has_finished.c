// ranks: 2
// status: deadlock
// says: deadlock: rank 0 waits in MPI_Recv(source=1, tag=1) at main.c:LINE
// says: deadlock: rank 1 waits in MPI_Finalize() at common.h:
// says: cause: rank 0 needs rank 1 to send with tag 1; rank 1 is in MPI_Finalize
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int x;
    if (rank == 0)
        MPI_Recv(&x, 1, MPI_INT, 1, 1, WORLD, IGNORE); // LINE
    return finish();
}
