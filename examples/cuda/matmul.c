/* c = a b for row-major matrices: a is n x k, b is k x m. */
#include <stdio.h>
#include <stdlib.h>

void matmul(int n, int m, int k, const float *a, const float *b, float *c)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++) {
            float sum = 0;
            for (int l = 0; l < k; l++)
                sum += a[i * k + l] * b[l * m + j];
            c[i * m + j] = sum;
        }
}

int main(void)
{
    enum { N = 70, M = 50, K = 90 };
    float *a = malloc(N * K * sizeof *a), *b = malloc(K * M * sizeof *b), *c = malloc(N * M * sizeof *c);
    for (int i = 0; i < N * K; i++)
        a[i] = (float)(i % 7) - 2;
    for (int i = 0; i < K * M; i++)
        b[i] = (float)(i % 5) / 2;
    matmul(N, M, K, a, b, c);

    double trace = 0, sum = 0;
    for (int i = 0; i < N * M; i++)
        sum += c[i];
    for (int i = 0; i < M; i++)
        trace += c[i * M + i];
    printf("sum %.1f, trace %.1f, last %.1f\n", sum, trace, c[N * M - 1]);
    free(a);
    free(b);
    free(c);
    return 0;
}
