/* pi by the midpoint rule: the integral of 4 / (1 + x^2) from 0 to 1; every rank takes every size-th interval. */
#include <math.h>
#include <mpi.h>
#include <stdio.h>

#define INTERVALS 2000000

static double integrate(int first, int stride)
{
    double width = 1.0 / INTERVALS;
    double sum = 0.0;
    for (int i = first; i < INTERVALS; i += stride) {
        double x = (i + 0.5) * width;
        sum += 4.0 / (1.0 + x * x);
    }
    return sum * width;
}

int main(int argc, char **argv)
{
    int rank, size;
    double part, pi = 0.0;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);

    part = integrate(rank, size);
    MPI_Reduce(&part, &pi, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);

    if (rank == 0) {
        printf("pi is %.9f\n", pi);
        printf("the error is below 1e-9: %s\n", fabs(pi - 3.14159265358979323846) < 1e-9 ? "yes" : "no");
    }

    MPI_Finalize();
    return 0;
}
