// ranks: 2
// status: ok
// Copies that are made in the background, and files that each rank has for itself.
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    MPI_Comm a, b;
    MPI_Request r[2];
    MPI_File f;
    char name[20];
    snprintf(name, sizeof name, "own%d.bin", rank);
    MPI_Comm_idup(WORLD, &a, &r[0]);
    MPI_Wait(&r[0], IGNORE);
    MPI_Comm_idup(WORLD, &b, &r[0]);
    MPI_Wait(&r[0], IGNORE);
    MPI_Barrier(a);
    MPI_File_open(MPI_COMM_SELF, name, MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &f);
    if (rank) MPI_File_sync(f);
    MPI_Barrier(MPI_COMM_SELF);
    if (rank) sleep(4);
    MPI_Barrier(b);
    MPI_File_close(&f);
    MPI_Comm_free(&a);
    MPI_Comm_free(&b);
    return finish();
}
