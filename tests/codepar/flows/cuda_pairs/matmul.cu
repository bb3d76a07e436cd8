#define TILE 8
__global__ void matmul_kernel(const float *a, const float *b, float *c, int n, int m, int k) {
    __shared__ float as[TILE][TILE], bs[TILE][TILE];
    int i = blockIdx.y * TILE + threadIdx.y, j = blockIdx.x * TILE + threadIdx.x;
    float sum = 0.0f;
    for (int start = 0; start < k; start += TILE) {
        as[threadIdx.y][threadIdx.x] = i < n && start + threadIdx.x < k ? a[i * k + start + threadIdx.x] : 0.0f;
        bs[threadIdx.y][threadIdx.x] = j < m && start + threadIdx.y < k ? b[(start + threadIdx.y) * m + j] : 0.0f;
        __syncthreads();
        for (int l = 0; l < TILE; l++) sum += as[threadIdx.y][l] * bs[l][threadIdx.x];
        __syncthreads();
    }
    if (i < n && j < m) c[i * m + j] = sum;
}
void matmul_cuda(const float *a, const float *b, float *c, int n, int m, int k) {
    if (n <= 0 || m <= 0) return;
    float *da, *db, *dc;
    cudaMalloc(&da, sizeof(float) * n * k);
    cudaMalloc(&db, sizeof(float) * k * m);
    cudaMalloc(&dc, sizeof(float) * n * m);
    cudaMemcpy(da, a, sizeof(float) * n * k, cudaMemcpyHostToDevice);
    cudaMemcpy(db, b, sizeof(float) * k * m, cudaMemcpyHostToDevice);
    matmul_kernel<<<dim3((m + TILE - 1) / TILE, (n + TILE - 1) / TILE), dim3(TILE, TILE)>>>(da, db, dc, n, m, k);
    cudaMemcpy(c, dc, sizeof(float) * n * m, cudaMemcpyDeviceToHost);
    cudaFree(da);
    cudaFree(db);
    cudaFree(dc);
}
