/* The product of two N x N matrices with small integer entries: each rank multiplies N / size rows. size must divide N. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#define N 192

static void fill(double *a, double *b)
{
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            a[i * N + j] = (i + 2 * j) % 7 - 3;
            b[i * N + j] = (3 * i + j) % 5 - 2;
        }
    }
}

static void multiply(const double *a, const double *b, double *c, int rows)
{
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < N; j++) {
            c[i * N + j] = 0.0;
        }
        for (int k = 0; k < N; k++) {
            for (int j = 0; j < N; j++) {
                c[i * N + j] += a[i * N + k] * b[k * N + j];
            }
        }
    }
}

static void report(const double *c)
{
    double trace = 0.0, total = 0.0;
    for (int i = 0; i < N; i++) {
        trace += c[i * N + i];
        for (int j = 0; j < N; j++) {
            total += (i + 1) * c[i * N + j] * (j % 3 + 1);
        }
    }
    printf("trace %.1f\n", trace);
    printf("weighted sum %.1f\n", total);
    printf("corners %.1f %.1f %.1f %.1f\n", c[0], c[N - 1], c[(N - 1) * N], c[N * N - 1]);
}

int main(int argc, char **argv)
{
    int rank, size, rows;
    double *a = NULL, *c = NULL;
    double *b = malloc(sizeof(double) * N * N);
    double *my_a, *my_c;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);

    if (N % size != 0) {
        if (rank == 0) {
            fprintf(stderr, "%d ranks do not divide %d rows\n", size, N);
        }
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    rows = N / size;
    my_a = malloc(sizeof(double) * rows * N);
    my_c = malloc(sizeof(double) * rows * N);

    if (rank == 0) {
        a = malloc(sizeof(double) * N * N);
        c = malloc(sizeof(double) * N * N);
        fill(a, b);
    }

    MPI_Scatter(a, rows * N, MPI_DOUBLE, my_a, rows * N, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    MPI_Bcast(b, N * N, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    multiply(my_a, b, my_c, rows);
    MPI_Gather(my_c, rows * N, MPI_DOUBLE, c, rows * N, MPI_DOUBLE, 0, MPI_COMM_WORLD);

    if (rank == 0) {
        report(c);
        free(a);
        free(c);
    }
    free(b);
    free(my_a);
    free(my_c);
    MPI_Finalize();
    return 0;
}
