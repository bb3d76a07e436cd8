/* Gravity between all pairs of bodies, softened; one step of leapfrog at a time. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define SOFTENING 1e-3

typedef struct {
    double x, y, z, mass;
} body;

typedef struct {
    double x, y, z;
} vector;

static double inverse_cube(double dx, double dy, double dz)
{
    double square = dx * dx + dy * dy + dz * dz + SOFTENING;
    return 1 / (square * sqrt(square));
}

void accelerate(int n, const body *bodies, vector *force)
{
    for (int i = 0; i < n; i++) {
        vector sum = {0, 0, 0};
        for (int j = 0; j < n; j++) {
            double dx = bodies[j].x - bodies[i].x;
            double dy = bodies[j].y - bodies[i].y;
            double dz = bodies[j].z - bodies[i].z;
            double pull = bodies[j].mass * inverse_cube(dx, dy, dz);
            sum.x += pull * dx;
            sum.y += pull * dy;
            sum.z += pull * dz;
        }
        force[i] = sum;
    }
}

int main(void)
{
    enum { N = 300, STEPS = 5 };
    body *bodies = malloc(N * sizeof *bodies);
    vector *speed = calloc(N, sizeof *speed), *force = malloc(N * sizeof *force);
    for (int i = 0; i < N; i++)
        bodies[i] = (body){cos(i * 0.7) * (1 + i % 5), sin(i * 0.7) * (1 + i % 3), (i % 11) * 0.1, 1.0 / N};
    for (int step = 0; step < STEPS; step++) {
        accelerate(N, bodies, force);
        for (int i = 0; i < N; i++) {
            speed[i].x += 0.01 * force[i].x;
            speed[i].y += 0.01 * force[i].y;
            speed[i].z += 0.01 * force[i].z;
            bodies[i].x += 0.01 * speed[i].x;
            bodies[i].y += 0.01 * speed[i].y;
            bodies[i].z += 0.01 * speed[i].z;
        }
    }

    double energy = 0;
    for (int i = 0; i < N; i++)
        energy += 0.5 * bodies[i].mass * (speed[i].x * speed[i].x + speed[i].y * speed[i].y + speed[i].z * speed[i].z);
    printf("kinetic energy %.9f, first body at %.6f %.6f %.6f\n", energy, bodies[0].x, bodies[0].y, bodies[0].z);
    free(bodies);
    free(speed);
    free(force);
    return 0;
}
