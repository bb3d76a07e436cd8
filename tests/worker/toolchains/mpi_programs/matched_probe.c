// ranks: 2
// status: ok
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int x = 3;
    MPI_Message m;
    char space[1000];
    MPI_Buffer_attach(space, sizeof space);
    if (rank == 0) {
        MPI_Mprobe(1, MPI_ANY_TAG, WORLD, &m, IGNORE);
        MPI_Mrecv(&x, 1, MPI_INT, &m, IGNORE);
    } else {
        sleep(3);
        MPI_Bsend(&x, 1, MPI_INT, 0, 9, WORLD);
    }
    void *back;
    int bytes;
    MPI_Buffer_detach(&back, &bytes);
    return finish();
}
