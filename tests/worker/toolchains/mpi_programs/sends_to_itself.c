// ranks: 1
// sends: synchronous
// status: deadlock
// says: cause: rank 0 needs rank 0 to receive with tag 0: it waits for itself
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int x = 1;
    MPI_Send(&x, 1, MPI_INT, 0, 0, WORLD);
    MPI_Recv(&x, 1, MPI_INT, 0, 0, WORLD, IGNORE);
    return finish();
}
