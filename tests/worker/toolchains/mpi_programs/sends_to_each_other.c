// ranks: 2
// sends: check
// status: ok
// says: buffering: ok only because the MPI library buffers sends: with synchronous sends, which the standard allows, it deadlocks
// says: buffering: rank 0 waits in MPI_Send(dest=1, tag=7) at main.c:LINE
// says: cause: rank 0 needs rank 1 to receive with tag 7; rank 1 needs rank 0 to receive with tag 7: they wait in a cycle, 0 -> 1 -> 0
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int x = rank, y;
    MPI_Send(&x, 1, MPI_INT, 1 - rank, 7, WORLD); // LINE
    MPI_Recv(&y, 1, MPI_INT, 1 - rank, 7, WORLD, IGNORE);
    return finish();
}
