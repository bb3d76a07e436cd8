// Barriers that not all threads of the block reach.
#include "corpus.h"

__global__ void in_branch(int* a, int limit) {
    __shared__ int s[512];
    int t = threadIdx.x;
    if (t < limit) {
        s[t] = a[t];
        __syncthreads();
        a[t] = s[limit - 1 - t];
    }
}
CASE(barrier_in_a_branch, "divergent barrier", "barrier_divergence") { in_branch<<<1, s.threads>>>(ramp<int>(s.threads), s.threads / 2); }
CASE(barrier_in_a_branch_of_all, "divergent barrier", "clean") { in_branch<<<1, s.threads>>>(ramp<int>(s.threads), s.threads); }

__global__ void two_sites(int* a) {
    if (threadIdx.x % 2) { a[threadIdx.x] = 1; __syncthreads(); } else { a[threadIdx.x] = 2; __syncthreads(); a[threadIdx.x] = 3; __syncthreads(); }
}
CASE(one_barrier_more_in_a_branch, "divergent barrier", "barrier_divergence") { two_sites<<<1, s.threads>>>(ramp<int>(s.threads)); }

__global__ void early_exit(int* a, int n, bool leave) {
    int t = threadIdx.x;
    if (t >= n && leave) return;
    __shared__ int s[512];
    s[t] = a[t];
    __syncthreads();
    if (t < n) a[t] = s[n - 1 - t];
}
CASE(return_before_the_barrier, "divergent barrier", "barrier_divergence") { early_exit<<<1, s.threads>>>(ramp<int>(s.threads), s.threads - 5, true); }
CASE(guard_after_the_barrier, "divergent barrier", "clean") { early_exit<<<1, s.threads>>>(ramp<int>(s.threads), s.threads - 5, false); }

__global__ void loop_count(int* a, bool same) {
    for (int i = 0; i < (same ? 4 : threadIdx.x % 4 + 1); ++i) { a[threadIdx.x] += i; __syncthreads(); }
}
CASE(different_trip_counts, "divergent barrier", "barrier_divergence") { loop_count<<<1, s.threads>>>(ramp<int>(s.threads), false); }
CASE(equal_trip_counts, "divergent barrier", "clean") { loop_count<<<1, s.threads>>>(ramp<int>(s.threads), true); }
