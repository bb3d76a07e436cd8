// ranks: 2
// status: ok
// says: mismatch: collective 1 of MPI_COMM_WORLD
// says: MPI_Bcast(root=1) at main.c:LINE
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int x = 0;
    MPI_Bcast(&x, 1, MPI_INT, rank, WORLD); // LINE
    return finish();
}
