// ranks: 2
// status: deadlock
// says: cause: rank 0 needs rank 1 in MPI_Barrier; rank 1 needs rank 0 in MPI_Barrier: they wait in a cycle, 0 -> 1 -> 0
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    MPI_Comm copy;
    MPI_Comm_dup(WORLD, &copy);
    MPI_Barrier(rank ? WORLD : copy);
    return finish();
}
