// ranks: 3
// status: ok
// The root still reduces while the others wait for it in the next call: all ranks are in blocking calls for seconds.
#include "common.h"

static void slow(void *a, void *b, int *n, MPI_Datatype *t) {
    (void)n, (void)t;
    if (rank == 0) sleep(2);
    *(int *)b += *(int *)a;
}

int main(int c, char **v) {
    start(&c, &v);
    int x = 1, y = 0;
    MPI_Op op;
    MPI_Op_create(slow, 1, &op);
    MPI_Reduce(&x, &y, 1, MPI_INT, op, 0, WORLD);
    if (rank == 0)
        for (int to = 1; to < size; to++) MPI_Send(&y, 1, MPI_INT, to, 1, WORLD);
    else
        MPI_Recv(&y, 1, MPI_INT, 0, 1, WORLD, IGNORE);
    return finish();
}
