// ranks: 3
// sends: check
// status: ok
// silent: buffering
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int x = rank;
    if (rank > 0) MPI_Recv(&x, 1, MPI_INT, rank - 1, 1, WORLD, IGNORE);
    if (rank < size - 1) MPI_Send(&x, 1, MPI_INT, rank + 1, 1, WORLD);
    return finish();
}
