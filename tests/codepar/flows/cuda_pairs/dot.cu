__global__ void dot_kernel(int n, const double *x, const double *y, double *parts) {
    __shared__ double own[256];
    double sum = 0.0;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) sum += x[i] * y[i];
    own[threadIdx.x] = sum;
    __syncthreads();
    for (int half = blockDim.x / 2; half > 0; half /= 2) {
        if (threadIdx.x < half) own[threadIdx.x] += own[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x == 0) parts[blockIdx.x] = own[0];
}
double dot_cuda(int n, const double *x, const double *y) {
    if (n <= 0) return 0.0;
    int blocks = (n + 255) / 256;
    double *dx, *dy, *dparts, *parts = new double[blocks], sum = 0.0;
    cudaMalloc(&dx, n * sizeof(double));
    cudaMalloc(&dy, n * sizeof(double));
    cudaMalloc(&dparts, blocks * sizeof(double));
    cudaMemcpy(dx, x, n * sizeof(double), cudaMemcpyHostToDevice);
    cudaMemcpy(dy, y, n * sizeof(double), cudaMemcpyHostToDevice);
    dot_kernel<<<blocks, 256>>>(n, dx, dy, dparts);
    cudaMemcpy(parts, dparts, blocks * sizeof(double), cudaMemcpyDeviceToHost);
    for (int block = 0; block < blocks; block++) sum += parts[block];
    delete[] parts;
    cudaFree(dx);
    cudaFree(dy);
    cudaFree(dparts);
    return sum;
}
