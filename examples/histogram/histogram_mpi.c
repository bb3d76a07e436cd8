/* A histogram of pseudo-random numbers that depend on their index alone: each rank counts its own part of the indices. */
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>

#define SAMPLES 600000
#define BINS 10

static double sample(uint32_t index)
{
    uint32_t x = index * 2654435761u + 12345u;
    x ^= x >> 16;
    x *= 2246822519u;
    x ^= x >> 13;
    x *= 3266489917u;
    x ^= x >> 16;
    return x / 4294967296.0;
}

static void count(long first, long last, long *bins, double *largest)
{
    for (long i = first; i < last; i++) {
        double value = sample((uint32_t) i) * sample((uint32_t) i + SAMPLES);
        bins[(int) (value * BINS)]++;
        if (value > *largest) {
            *largest = value;
        }
    }
}

int main(int argc, char **argv)
{
    int rank, size;
    long bins[BINS] = {0}, all_bins[BINS] = {0};
    double largest = 0.0, largest_of_all = 0.0;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);

    count((long) SAMPLES * rank / size, (long) SAMPLES * (rank + 1) / size, bins, &largest);

    MPI_Reduce(bins, all_bins, BINS, MPI_LONG, MPI_SUM, 0, MPI_COMM_WORLD);
    MPI_Reduce(&largest, &largest_of_all, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);

    if (rank == 0) {
        for (int b = 0; b < BINS; b++) {
            printf("%.1f-%.1f %ld\n", (double) b / BINS, (b + 1.0) / BINS, all_bins[b]);
        }
        printf("largest %.6f\n", largest_of_all);
    }

    MPI_Finalize();
    return 0;
}
