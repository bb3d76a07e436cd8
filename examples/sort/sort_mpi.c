/* Odd-even transposition sort of blocks: neighbours exchange their sorted blocks, the left one keeps the small keys.
 * Works at any number of ranks; blocks may differ by one key. */
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT 120000

static void generate(int *keys)
{
    uint32_t state = 2463534242u;
    for (int i = 0; i < COUNT; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        keys[i] = (int) (state % 1000000);
    }
}

static int ascending(const void *left, const void *right)
{
    int a = *(const int *) left, b = *(const int *) right;
    return (a > b) - (a < b);
}

static void report(const int *keys)
{
    long weighted = 0;
    int sorted = 1;
    for (int i = 0; i < COUNT; i++) {
        weighted += (long) (i % 1000) * keys[i];
        if (i > 0 && keys[i - 1] > keys[i]) {
            sorted = 0;
        }
    }
    printf("sorted %s\n", sorted ? "yes" : "no");
    printf("smallest %d, median %d, largest %d\n", keys[0], keys[COUNT / 2], keys[COUNT - 1]);
    printf("weighted sum %ld\n", weighted);
}

/* Merge mine and theirs into merged and keep my share: the front when I am the left neighbour, else the back. */
static void keep_share(int *mine, int my_count, const int *theirs, int their_count, int *merged, int keep_front)
{
    int i = 0, j = 0;
    for (int k = 0; k < my_count + their_count; k++) {
        if (j == their_count || (i < my_count && mine[i] <= theirs[j])) {
            merged[k] = mine[i++];
        } else {
            merged[k] = theirs[j++];
        }
    }
    memcpy(mine, keep_front ? merged : merged + their_count, sizeof(int) * my_count);
}

static void exchange(int *mine, const int *counts, int rank, int partner, int *theirs, int *merged)
{
    MPI_Status status;

    MPI_Sendrecv(mine, counts[rank], MPI_INT, partner, 0,
                 theirs, counts[partner], MPI_INT, partner, 0, MPI_COMM_WORLD, &status);
    keep_share(mine, counts[rank], theirs, counts[partner], merged, rank < partner);
}

int main(int argc, char **argv)
{
    int rank, size;
    int *keys = NULL;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);

    int *counts = malloc(sizeof(int) * size);
    int *offsets = malloc(sizeof(int) * size);
    for (int r = 0; r < size; r++) {
        offsets[r] = (int) ((long) COUNT * r / size);
        counts[r] = (int) ((long) COUNT * (r + 1) / size) - offsets[r];
    }
    int most = COUNT / size + 1;
    int *mine = malloc(sizeof(int) * most);
    int *theirs = malloc(sizeof(int) * most);
    int *merged = malloc(sizeof(int) * 2 * most);

    if (rank == 0) {
        keys = malloc(sizeof(int) * COUNT);
        generate(keys);
    }
    MPI_Scatterv(keys, counts, offsets, MPI_INT, mine, counts[rank], MPI_INT, 0, MPI_COMM_WORLD);
    qsort(mine, counts[rank], sizeof(int), ascending);

    for (int phase = 0; phase < size; phase++) {
        int partner = (rank + phase) % 2 == 0 ? rank + 1 : rank - 1;
        if (partner >= 0 && partner < size) {
            exchange(mine, counts, rank, partner, theirs, merged);
        }
    }

    MPI_Gatherv(mine, counts[rank], MPI_INT, keys, counts, offsets, MPI_INT, 0, MPI_COMM_WORLD);
    if (rank == 0) {
        report(keys);
        free(keys);
    }
    free(counts);
    free(offsets);
    free(mine);
    free(theirs);
    free(merged);
    MPI_Finalize();
    return 0;
}
