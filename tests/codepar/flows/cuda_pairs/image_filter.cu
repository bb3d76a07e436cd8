__global__ void blur_kernel(const unsigned char *in, unsigned char *out, int width, int height) {
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= width || y >= height) return;
    int sum = 0, count = 0;
    for (int dy = -1; dy <= 1; dy++) {
        for (int dx = -1; dx <= 1; dx++) {
            int yy = y + dy, xx = x + dx;
            if (yy >= 0 && yy < height && xx >= 0 && xx < width) {
                sum += in[yy * width + xx];
                count++;
            }
        }
    }
    out[y * width + x] = (unsigned char)(sum / count);
}
void blur_cuda(const unsigned char *in, unsigned char *out, int width, int height) {
    if (width <= 0 || height <= 0) return;
    unsigned char *din, *dout;
    int bytes = width * height;
    cudaMalloc(&din, bytes);
    cudaMalloc(&dout, bytes);
    cudaMemcpy(din, in, bytes, cudaMemcpyHostToDevice);
    dim3 block(32, 4), grid((width + 31) / 32, (height + 3) / 4);
    blur_kernel<<<grid, block>>>(din, dout, width, height);
    cudaMemcpy(out, dout, bytes, cudaMemcpyDeviceToHost);
    cudaFree(din);
    cudaFree(dout);
}
