/* y = a x + y, the vector update of BLAS, with strides. */
#include <stdio.h>
#include <stdlib.h>

void saxpy(int n, float a, const float *x, int incx, float *y, int incy)
{
    for (int i = 0; i < n; i++)
        y[i * incy] += a * x[i * incx];
}

int main(void)
{
    enum { N = 100000 };
    float *x = malloc(N * sizeof *x), *y = malloc(2 * N * sizeof *y);
    for (int i = 0; i < N; i++) {
        x[i] = (float)(i % 100) / 10;
        y[2 * i] = 1;
        y[2 * i + 1] = -1;
    }
    saxpy(N, 2.5f, x, 1, y, 2);

    double sum = 0;
    for (int i = 0; i < 2 * N; i++)
        sum += y[i];
    printf("sum %.1f, y[198] %.2f, y[199] %.2f\n", sum, y[198], y[199]);
    free(x);
    free(y);
    return 0;
}
