// ranks: 3
// status: deadlock
// says: cause: rank 0 waits for a message from any rank, and no rank can send one
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int x;
    if (rank == 0) MPI_Probe(MPI_ANY_SOURCE, MPI_ANY_TAG, WORLD, IGNORE);
    MPI_Barrier(WORLD);
    return finish();
}
