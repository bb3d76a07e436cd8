// ranks: 3
// status: ok
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int n = 8000000;
    char *out = calloc(n, 1), *in = malloc(n);
    MPI_Request r[2];
    for (int i = 0; i < 10; i++) {
        MPI_Irecv(in, n, MPI_CHAR, (rank + size - 1) % size, 0, WORLD, &r[0]);
        MPI_Isend(out, n, MPI_CHAR, (rank + 1) % size, 0, WORLD, &r[1]);
        MPI_Waitall(2, r, MPI_STATUSES_IGNORE);
    }
    return finish();
}
