// ranks: 2
// status: deadlock
// says: rank 0 waits in MPI_File_open()
#include "common.h"

int main(int c, char **v) {
    start(&c, &v);
    MPI_File f;
    if (rank == 0) MPI_File_open(WORLD, "data.bin", MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &f);
    return finish();
}
