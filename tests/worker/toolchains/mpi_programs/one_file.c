// ranks: 3
// status: ok
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    int x = rank, y = -1;
    MPI_File f;
    MPI_File_open(WORLD, "data.bin", MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &f);
    if (rank == 0) sleep(3);
    MPI_File_write_at_all(f, rank * sizeof x, &x, 1, MPI_INT, IGNORE);
    MPI_File_sync(f);
    MPI_Barrier(WORLD);
    MPI_File_read_at(f, (size - 1 - rank) * sizeof x, &y, 1, MPI_INT, IGNORE);
    MPI_File_close(&f);
    if (y != size - 1 - rank) MPI_Abort(WORLD, 3);
    return finish();
}
