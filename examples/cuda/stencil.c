/* Heat on a square plate: explicit steps of the five-point stencil, the edge is kept. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(u, i, j) (u)[(i) * nx + (j)]

void diffuse(const double *restrict old, double *restrict new, int ny, int nx, double rate)
{
    for (int i = 1; i < ny - 1; i++)
        for (int j = 1; j < nx - 1; j++) {
            double around = AT(old, i - 1, j) + AT(old, i + 1, j) + AT(old, i, j - 1) + AT(old, i, j + 1);
            AT(new, i, j) = AT(old, i, j) + rate * (around - 4 * AT(old, i, j));
        }
}

int main(void)
{
    enum { NY = 60, NX = 90, STEPS = 400 };
    double *old = calloc(NY * NX, sizeof *old), *new = malloc(NY * NX * sizeof *new);
    for (int j = 0; j < NX; j++)
        old[j] = 100;
    memcpy(new, old, NY * NX * sizeof *new);
    for (int step = 0; step < STEPS; step++) {
        diffuse(old, new, NY, NX, 0.2);
        double *swap = old;
        old = new;
        new = swap;
    }

    double heat = 0;
    for (int k = 0; k < NY * NX; k++)
        heat += old[k];
    printf("mean %.6f, middle %.6f\n", heat / (NY * NX), old[NY / 2 * NX + NX / 2]);
    free(old);
    free(new);
    return 0;
}
