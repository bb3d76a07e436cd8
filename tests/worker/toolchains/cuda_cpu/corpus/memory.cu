// Bad addresses: each ends its launch with the CUDA error, and says where the address lies.
#include "corpus.h"

__global__ void fill(int* out, int n) { int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < n) out[i] = i; }
__global__ void total(const int* in, int* out, int n) { int sum = 0; for (int i = 0; i < n; ++i) sum += in[i]; if (threadIdx.x == 0 && blockIdx.x == 0) *out = sum; }
CASE(guarded_write, "global bounds", "clean") { fill<<<s.blocks, s.threads>>>(zeros<int>(s.size() - 3), s.size() - 3); }
CASE(guard_missing, "global bounds", "memory_error") { fill<<<s.blocks, s.threads>>>(zeros<int>(s.size() - 3), s.size()); }
CASE(guard_off_by_one, "global bounds", "memory_error") { fill<<<s.blocks, s.threads>>>(zeros<int>(s.size() - 3), s.size() - 2); }
CASE(read_one_past_the_end, "global bounds", "memory_error") { total<<<1, s.threads>>>(ramp<int>(10), zeros<int>(1), 11); }
CASE(read_all, "global bounds", "clean") { total<<<1, s.threads>>>(ramp<int>(10), zeros<int>(1), 10); }

__global__ void at(int* p, int i) { if (threadIdx.x == 0 && blockIdx.x == 0) p[i] = 1; }
CASE(write_before_the_start, "global bounds", "memory_error") { at<<<s.blocks, s.threads>>>(zeros<int>(8), -1); }
CASE(write_at_the_start, "global bounds", "clean") { at<<<s.blocks, s.threads>>>(zeros<int>(8), 0); }
CASE(write_far_beyond, "global bounds", "memory_error") { at<<<s.blocks, s.threads>>>(zeros<int>(8), 1000); }
CASE(use_after_free, "lifetime", "memory_error") { int* p = zeros<int>(8); cudaFree(p); at<<<s.blocks, s.threads>>>(p, 1); }
CASE(free_after_use, "lifetime", "clean") { int* p = zeros<int>(8); at<<<s.blocks, s.threads>>>(p, 1); cudaFree(p); }
CASE(null_pointer, "wrong pointer", "memory_error") { at<<<s.blocks, s.threads>>>(nullptr, 0); }
CASE(null_pointer_and_offset, "wrong pointer", "memory_error") { at<<<s.blocks, s.threads>>>(nullptr, 5); }
CASE(heap_pointer, "wrong pointer", "memory_error") { int* p = static_cast<int*>(std::malloc(64)); at<<<s.blocks, s.threads>>>(p, 1); std::free(p); }
CASE(stack_pointer, "wrong pointer", "memory_error") { int here[8] = {}; at<<<s.blocks, s.threads>>>(here, 1); std::printf("%d\n", here[1]); }
CASE(pinned_pointer, "wrong pointer", "clean") { int* p; cudaMallocHost(&p, 64); at<<<s.blocks, s.threads>>>(p, 1); cudaDeviceSynchronize(); cudaFreeHost(p); }
CASE(managed_pointer, "wrong pointer", "clean") { int* p; cudaMallocManaged(&p, 64); p[0] = 3; at<<<s.blocks, s.threads>>>(p, 1); cudaDeviceSynchronize(); std::printf("%d\n", p[1]); }

__global__ void shared_index(int* out, int i) {
    __shared__ int s[64];
    __shared__ int next[64];
    s[threadIdx.x % 64] = 1;
    next[threadIdx.x % 64] = 2;
    __syncthreads();
    if (threadIdx.x == 0) out[blockIdx.x] = s[i] + next[0];
}
CASE(shared_in_bounds, "shared bounds", "clean") { shared_index<<<s.blocks, 64>>>(zeros<int>(s.blocks), 63); }
CASE(shared_one_past, "shared bounds", "memory_error") { shared_index<<<s.blocks, 64>>>(zeros<int>(s.blocks), 64); }
CASE(shared_before, "shared bounds", "memory_error") { shared_index<<<s.blocks, 64>>>(zeros<int>(s.blocks), -1); }

__global__ void through_pointer(int* out, int i) {
    __shared__ int s[64];
    int* p = s;
    if (threadIdx.x == 0) { p[i] = 5; out[blockIdx.x] = p[i]; }
}
CASE(shared_pointer_in_bounds, "shared bounds", "clean") { through_pointer<<<s.blocks, 64>>>(zeros<int>(s.blocks), 63); }
CASE(shared_pointer_past, "shared bounds", "memory_error") { through_pointer<<<s.blocks, 64>>>(zeros<int>(s.blocks), 64); }

extern __shared__ float dynamic[];
__global__ void dynamic_index(float* out) { dynamic[threadIdx.x] = 1; __syncthreads(); out[blockIdx.x * blockDim.x + threadIdx.x] = dynamic[blockDim.x - 1 - threadIdx.x]; }
CASE(dynamic_shared_enough, "shared bounds", "clean") { dynamic_index<<<s.blocks, s.threads, s.threads * 4>>>(zeros<float>(s.size())); }
CASE(dynamic_shared_too_small, "shared bounds", "memory_error") { dynamic_index<<<s.blocks, s.threads, s.threads * 2>>>(zeros<float>(s.size())); }

// A row of a two-dimensional array run through as one stays inside the variable.
__global__ void rows(int* out) { __shared__ int s[8][8]; s[0][threadIdx.x] = threadIdx.x; __syncthreads(); out[threadIdx.x] = s[threadIdx.x / 8][threadIdx.x % 8]; }
CASE(rows_run_through, "shared bounds", "clean") { rows<<<1, 64>>>(zeros<int>(64)); }

__global__ void local_array(int* out, int last) { int a[8]; for (int i = 0; i <= last; ++i) a[i] = i * out[i]; int sum = 0; for (int i = 0; i < 8; ++i) sum += a[(i * 3) % 8]; out[threadIdx.x] = sum; }
CASE(local_array_in_bounds, "local bounds", "clean") { local_array<<<1, 1>>>(ramp<int>(64), 7); }
CASE(local_array_past, "local bounds", "memory_error") { local_array<<<1, 1>>>(ramp<int>(64), 8); }

__device__ int lookup[16];
__global__ void device_index(int* out, int i) { if (threadIdx.x == 0) out[blockIdx.x] = lookup[i]; }
CASE(device_array_in_bounds, "global bounds", "clean") { device_index<<<s.blocks, s.threads>>>(zeros<int>(s.blocks), 15); }
CASE(device_array_past, "global bounds", "memory_error") { device_index<<<s.blocks, s.threads>>>(zeros<int>(s.blocks), 16); }

__global__ void wide(char* bytes, int offset) { if (threadIdx.x == 0 && blockIdx.x == 0) *reinterpret_cast<double*>(bytes + offset) = 1.5; }
CASE(aligned_double, "misaligned", "clean") { wide<<<s.blocks, s.threads>>>(zeros<char>(64), 8); }
CASE(misaligned_double, "misaligned", "memory_error") { wide<<<s.blocks, s.threads>>>(zeros<char>(64), 4); }
__global__ void vector(const float* in, float* out, int offset) { float4 v = *reinterpret_cast<const float4*>(in + offset); out[threadIdx.x] = v.x + v.y + v.z + v.w; }
CASE(aligned_vector, "misaligned", "clean") { vector<<<1, s.threads>>>(ramp<float>(64), zeros<float>(s.threads), 4); }
CASE(misaligned_vector, "misaligned", "memory_error") { vector<<<1, s.threads>>>(ramp<float>(64), zeros<float>(s.threads), 2); }

CASE(read_of_fresh_memory, "uninitialised", "note") { int* p; cudaMalloc(&p, 40); total<<<1, s.threads>>>(p, zeros<int>(1), 10); }
CASE(read_of_half_written, "uninitialised", "note") { int* p; cudaMalloc(&p, 40); cudaMemset(p, 0, 36); total<<<1, s.threads>>>(p, zeros<int>(1), 10); }
CASE(read_of_written_by_kernel, "uninitialised", "clean") { int* p; cudaMalloc(&p, 40); fill<<<1, s.threads>>>(p, 10); total<<<1, s.threads>>>(p, zeros<int>(1), 10); }

CASE(host_reads_device, "host dereference", "memory_error") { int* p = ramp<int>(8); std::printf("%d\n", p[3]); }
CASE(host_copies_device, "host dereference", "clean") { int v, *p = ramp<int>(8); cudaMemcpy(&v, p + 3, 4, cudaMemcpyDeviceToHost); std::printf("%d\n", v); }

// The device's heap: each thread has its own list, on pages of its own.
struct Link { int value; Link* next; };
__device__ Link* push(Link* head, int value) { Link* link = (Link*)malloc(sizeof(Link)); if (link != NULL) { link->value = value; link->next = head; } return link; }
__global__ void list(int* out, int n, int mistake) {
    Link* head = NULL;
    for (int i = 0; i < 3; ++i) head = push(head, i);
    int sum = 0;
    for (Link* link = head; link != NULL; link = link->next) sum += link->value;
    if (mistake == 1) sum += (head + 1)->value;
    while (head != NULL) { Link* next = head->next; free(head); if (mistake == 2) sum += head->value; if (mistake == 3) free(head); head = next; }
    free(NULL);
    if (blockIdx.x * blockDim.x + threadIdx.x < n) out[blockIdx.x * blockDim.x + threadIdx.x] = sum;
}
CASE(list_of_a_thread, "device heap", "clean") { list<<<s.blocks, s.threads>>>(zeros<int>(s.size()), s.size(), 0); }
CASE(read_past_a_link, "device heap", "memory_error") { list<<<s.blocks, s.threads>>>(zeros<int>(s.size()), s.size(), 1); }
CASE(read_of_a_freed_link, "device heap", "memory_error") { list<<<s.blocks, s.threads>>>(zeros<int>(s.size()), s.size(), 2); }
CASE(link_freed_twice, "device heap", "memory_error") { list<<<s.blocks, s.threads>>>(zeros<int>(s.size()), s.size(), 3); }

struct Pair { int a, b; __device__ Pair(int x, int y) : a(x), b(y) {} };
__global__ void objects(int* out, int n, int past) {
    Pair* pair = new Pair(threadIdx.x, 2);
    int* row = new int[4];
    for (int i = 0; i < 4 + past; ++i) row[i] = pair->a + i;
    if (blockIdx.x * blockDim.x + threadIdx.x < n) out[blockIdx.x * blockDim.x + threadIdx.x] = row[3] + pair->b;
    delete pair;
    delete[] row;
}
CASE(new_and_delete, "device heap", "clean") { objects<<<s.blocks, s.threads>>>(zeros<int>(s.size()), s.size(), 0); }
CASE(write_past_new, "device heap", "memory_error") { objects<<<s.blocks, s.threads>>>(zeros<int>(s.size()), s.size(), 1); }

__device__ int* kept;
__global__ void keep_row(int n) { if (threadIdx.x == 0 && blockIdx.x == 0) { kept = (int*)malloc(n * sizeof(int)); for (int i = 0; i < n; ++i) kept[i] = i; } }
__global__ void use_row(int* out, int n, int i) { if (threadIdx.x == 0 && blockIdx.x == 0) *out = kept[i]; }
__global__ void drop_row() { if (threadIdx.x == 0 && blockIdx.x == 0) free(kept); }
__global__ void free_it(int* p) { if (threadIdx.x == 0 && blockIdx.x == 0) free(p); }
CASE(row_across_launches, "device heap", "clean") { keep_row<<<s.blocks, s.threads>>>(9); use_row<<<1, 1>>>(zeros<int>(1), 9, 8); drop_row<<<1, 1>>>(); }
CASE(row_never_freed, "device heap", "clean") { keep_row<<<s.blocks, s.threads>>>(9); use_row<<<1, 1>>>(zeros<int>(1), 9, 0); }
CASE(row_one_past, "device heap", "memory_error") { keep_row<<<s.blocks, s.threads>>>(9); use_row<<<1, 1>>>(zeros<int>(1), 9, 9); }
CASE(row_after_free, "device heap", "memory_error") { keep_row<<<1, 1>>>(9); drop_row<<<1, 1>>>(); use_row<<<1, 1>>>(zeros<int>(1), 9, 0); }
CASE(free_of_cuda_malloc, "device heap", "memory_error") { free_it<<<1, 1>>>(zeros<int>(4)); }
CASE(free_of_host_memory, "device heap", "memory_error") { static int here[4]; free_it<<<1, 1>>>(here); }
CASE(free_of_null, "device heap", "clean") { free_it<<<s.blocks, s.threads>>>(nullptr); }
