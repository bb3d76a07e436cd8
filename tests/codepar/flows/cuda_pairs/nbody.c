#include <math.h>
struct body { float x, y, z, mass; };
void accelerations(const struct body *bodies, float *ax, float *ay, float *az, int n) {
    for (int i = 0; i < n; i++) {
        float sx = 0.0f, sy = 0.0f, sz = 0.0f;
        for (int j = 0; j < n; j++) {
            float dx = bodies[j].x - bodies[i].x, dy = bodies[j].y - bodies[i].y, dz = bodies[j].z - bodies[i].z;
            float distance = sqrtf(dx * dx + dy * dy + dz * dz + 0.01f);
            float force = bodies[j].mass / (distance * distance * distance);
            sx += dx * force;
            sy += dy * force;
            sz += dz * force;
        }
        ax[i] = sx;
        ay[i] = sy;
        az[i] = sz;
    }
}
