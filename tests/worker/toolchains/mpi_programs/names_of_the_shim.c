// ranks: 2
// status: ok
// The program has functions of the same names as the shim has inside.
#include "common.h"

int add(int a, int b) { return a + b; }
int block(int a) { return a; }
int enter(int a) { return a; }
int leave(int a) { return a; }
int sent(int a) { return a; }
int slot(void) { return 1; }

int main(int c, char **v) {
    start(&c, &v);
    int x = add(rank, block(1));
    MPI_Allreduce(MPI_IN_PLACE, &x, 1, MPI_INT, MPI_SUM, WORLD);
    if (enter(x) != 3 || leave(1) != 1 || sent(1) != 1 || slot() != 1) MPI_Abort(WORLD, 1);
    return finish();
}
