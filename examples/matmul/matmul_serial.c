/* The product of two N x N matrices with small integer entries, so that every sum is exact. */
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

int main(void)
{
    double *a = malloc(sizeof(double) * N * N);
    double *b = malloc(sizeof(double) * N * N);
    double *c = malloc(sizeof(double) * N * N);

    fill(a, b);
    multiply(a, b, c, N);
    report(c);

    free(a);
    free(b);
    free(c);
    return 0;
}
