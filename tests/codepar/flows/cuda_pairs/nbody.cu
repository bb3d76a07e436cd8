struct body { float x, y, z, mass; };
__global__ void accelerations_kernel(const body *bodies, float *ax, float *ay, float *az, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    body own = bodies[i];
    float sx = 0.0f, sy = 0.0f, sz = 0.0f;
    for (int j = 0; j < n; j++) {
        float dx = bodies[j].x - own.x, dy = bodies[j].y - own.y, dz = bodies[j].z - own.z;
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
void accelerations_cuda(const struct body *bodies, float *ax, float *ay, float *az, int n) {
    if (n <= 0) return;
    body *d;
    float *a;
    cudaMalloc(&d, n * sizeof(body));
    cudaMalloc(&a, 3 * n * sizeof(float));
    cudaMemcpy(d, bodies, n * sizeof(body), cudaMemcpyHostToDevice);
    accelerations_kernel<<<(n + 63) / 64, 64>>>(d, a, a + n, a + 2 * n, n);
    cudaMemcpy(ax, a, n * sizeof(float), cudaMemcpyDeviceToHost);
    cudaMemcpy(ay, a + n, n * sizeof(float), cudaMemcpyDeviceToHost);
    cudaMemcpy(az, a + 2 * n, n * sizeof(float), cudaMemcpyDeviceToHost);
    cudaFree(d);
    cudaFree(a);
}
