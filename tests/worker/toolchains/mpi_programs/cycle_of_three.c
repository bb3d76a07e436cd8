// ranks: 4
// status: deadlock
// says: cause: rank 0 needs rank 1 to send with tag 7; rank 1 needs rank 2 to send with tag 7; rank 2 needs rank 0 to send with tag 7: they wait in a cycle, 0 -> 1 -> 2 -> 0
// says: deadlock: rank 3 is in its own code
// Three ranks wait in a cycle while the fourth computes on.
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int x;
    if (rank == 3) sleep(600);
    MPI_Recv(&x, 1, MPI_INT, (rank + 1) % 3, 7, WORLD, IGNORE);
    return finish();
}
