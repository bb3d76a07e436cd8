// Blocks that talk within a launch: fences, flags, tickets, locks, look-back, scopes; each beside the same without its fence.
#include "corpus.h"

// NVIDIA's threadFenceReduction: the last block to finish adds the partial sums.
__global__ void last_block(const int* in, volatile int* partial, unsigned* ticket, int* out, int fence) {
    __shared__ int s[512];
    __shared__ bool last;
    int t = threadIdx.x;
    s[t] = in[blockIdx.x * blockDim.x + t];
    __syncthreads();
    for (int d = blockDim.x / 2; d > 0; d /= 2) { if (t < d) s[t] += s[t + d]; __syncthreads(); }
    if (t == 0) {
        partial[blockIdx.x] = s[0];
        if (fence == 1) __threadfence();
        if (fence == 2) __threadfence_block();
        last = atomicInc(ticket, gridDim.x) == gridDim.x - 1;
    }
    __syncthreads();
    if (last && t == 0) {
        int sum = 0;
        for (int b = 0; b < gridDim.x; ++b) sum += partial[b];
        *out = sum;
    }
}
static void run_last(Shape s, int fence) { last_block<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(s.blocks), zeros<unsigned>(1), zeros<int>(1), fence); }
CASE(last_block_with_fence, "last block", "clean") { run_last(s, 1); }
CASE(last_block_without_fence, "last block", "race") { run_last(s, 0); }
CASE(last_block_with_block_fence, "scope", "race") { run_last(s, 2); }

// All threads write; the leader fences after the barrier and takes the ticket; all threads of the last block read.
__global__ void last_block_all(int* data, unsigned* ticket, int* out, int n, bool fence, bool barrier) {
    __shared__ bool last;
    int t = threadIdx.x;
    data[blockIdx.x * blockDim.x + t] = t;
    if (barrier) __syncthreads();
    if (t == 0) {
        if (fence) __threadfence();
        last = atomicAdd(ticket, 1u) == gridDim.x - 1;
    }
    __syncthreads();
    if (last) {
        int sum = 0;
        for (int i = t; i < n; i += blockDim.x) sum += data[n - 1 - i];
        out[t] = sum;
    }
}
static void run_last_all(Shape s, bool fence, bool barrier) { last_block_all<<<s.blocks, s.threads>>>(zeros<int>(s.size()), zeros<unsigned>(1), zeros<int>(s.threads), s.size(), fence, barrier); }
CASE(last_block_leader_fences, "last block", "clean") { run_last_all(s, true, true); }
CASE(last_block_leader_no_fence, "last block", "race") { run_last_all(s, false, true); }
CASE(last_block_no_barrier_before_fence, "last block", "race") { run_last_all(s, true, false); }

// Every thread fences its own data, then the barrier, then one ticket.
__global__ void fence_all(int* data, unsigned* ticket, int* out, int n, bool fence) {
    __shared__ bool last;
    data[blockIdx.x * blockDim.x + threadIdx.x] = threadIdx.x;
    if (fence) __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) last = atomicAdd(ticket, 1u) == gridDim.x - 1;
    __syncthreads();
    if (last) for (int i = threadIdx.x; i < n; i += blockDim.x) out[i] = data[n - 1 - i];
}
CASE(every_thread_fences, "last block", "clean") { fence_all<<<s.blocks, s.threads>>>(zeros<int>(s.size()), zeros<unsigned>(1), zeros<int>(s.size()), s.size(), true); }
CASE(no_thread_fences, "last block", "race") { fence_all<<<s.blocks, s.threads>>>(zeros<int>(s.size()), zeros<unsigned>(1), zeros<int>(s.size()), s.size(), false); }

// A ticket a thread.
__global__ void thread_tickets(int* data, unsigned* done, int* out, int n, bool fence) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    data[i] = i;
    if (fence) __threadfence();
    if (atomicAdd(done, 1u) == n - 1) {
        int sum = 0;
        for (int j = 0; j < n; ++j) sum += data[j];
        *out = sum;
    }
}
CASE(ticket_a_thread, "last block", "clean") { thread_tickets<<<s.blocks, s.threads>>>(zeros<int>(s.size()), zeros<unsigned>(1), zeros<int>(1), s.size(), true); }
CASE(ticket_a_thread_no_fence, "last block", "race") { thread_tickets<<<s.blocks, s.threads>>>(zeros<int>(s.size()), zeros<unsigned>(1), zeros<int>(1), s.size(), false); }

// A chain of blocks by volatile flags: each waits for its predecessor.
__global__ void chain(int* value, volatile int* flag, bool fence) {
    if (threadIdx.x != 0) return;
    int b = blockIdx.x;
    if (b > 0) while (flag[b - 1] == 0) {}
    if (fence) __threadfence();
    value[b + 1] = value[b] + 1;
    if (fence) __threadfence();
    flag[b] = 1;
}
CASE(flag_chain_with_fences, "inter-block flag", "clean") { chain<<<s.blocks, s.threads>>>(zeros<int>(s.blocks + 1), zeros<int>(s.blocks), true); }
CASE(flag_chain_without_fences, "inter-block flag", "race") { chain<<<s.blocks, s.threads>>>(zeros<int>(s.blocks + 1), zeros<int>(s.blocks), false); }

// The same flag as an atomic.
__global__ void atomic_chain(int* value, int* flag, bool fence) {
    if (threadIdx.x != 0) return;
    int b = blockIdx.x;
    if (b > 0) while (atomicAdd(&flag[b - 1], 0) == 0) {}
    value[b + 1] = value[b] + 1;
    if (fence) __threadfence();
    atomicExch(&flag[b], 1);
}
CASE(atomic_chain_with_fence, "inter-block flag", "clean") { atomic_chain<<<s.blocks, s.threads>>>(zeros<int>(s.blocks + 1), zeros<int>(s.blocks), true); }
CASE(atomic_chain_without_fence, "inter-block flag", "race") { atomic_chain<<<s.blocks, s.threads>>>(zeros<int>(s.blocks + 1), zeros<int>(s.blocks), false); }

// A plain flag: even with fences the flag itself races.
__global__ void plain_flag(int* value, int* flag, int* out) {
    if (threadIdx.x != 0) return;
    if (blockIdx.x == 0) { *value = 42; __threadfence(); *flag = 1; }
    if (blockIdx.x == 1) { __threadfence(); if (*flag) out[0] = *value; }
}
CASE(plain_flag_races, "inter-block flag", "race") { plain_flag<<<s.blocks, s.threads>>>(zeros<int>(1), zeros<int>(1), zeros<int>(1)); }

// Decoupled look-back: a block publishes its aggregate, then adds up its predecessors' (a scan in one pass).
__global__ void look_back(const int* in, int* aggregate, int* state, int* out, bool fence) {
    __shared__ int s[512];
    __shared__ int before;
    int t = threadIdx.x, b = blockIdx.x, i = b * blockDim.x + t;
    s[t] = in[i];
    __syncthreads();
    for (int d = 1; d < blockDim.x; d *= 2) {
        int add = t >= d ? s[t - d] : 0;
        __syncthreads();
        s[t] += add;
        __syncthreads();
    }
    if (t == 0) {
        aggregate[b] = s[blockDim.x - 1];
        if (fence) __threadfence();
        atomicExch(&state[b], 1);
        int sum = 0;
        for (int p = b - 1; p >= 0; --p) {
            while (atomicAdd(&state[p], 0) == 0) {}
            sum += aggregate[p];
        }
        before = sum;
    }
    __syncthreads();
    out[i] = s[t] + before;
}
CASE(look_back_with_fence, "look-back", "clean") { look_back<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(s.blocks), zeros<int>(s.blocks), zeros<int>(s.size()), true); }
CASE(look_back_without_fence, "look-back", "race") { look_back<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(s.blocks), zeros<int>(s.blocks), zeros<int>(s.size()), false); }

// A spin lock, taken by one thread a block.
__global__ void locked(int* lock, int* counter, int fence, bool plain_unlock) {
    if (threadIdx.x != 0) return;
    while (atomicCAS(lock, 0, 1) != 0) {}
    if (fence == 1) __threadfence();
    *counter = *counter + 1;
    if (fence == 1) __threadfence();
    if (fence == 2) __threadfence_block();
    if (plain_unlock) *lock = 0; else atomicExch(lock, 0);
}
CASE(lock_with_fences, "lock", "clean") { locked<<<s.blocks, s.threads>>>(zeros<int>(1), zeros<int>(1), 1, false); }
CASE(lock_without_fences, "lock", "race") { locked<<<s.blocks, s.threads>>>(zeros<int>(1), zeros<int>(1), 0, false); }
CASE(lock_with_block_fence, "scope", "race") { locked<<<s.blocks, s.threads>>>(zeros<int>(1), zeros<int>(1), 2, false); }
CASE(lock_released_by_plain_write, "atomics mixed with plain", "race") { locked<<<s.blocks, s.threads>>>(zeros<int>(1), zeros<int>(1), 1, true); }

// Two locks for the same data protect nothing.
__global__ void two_locks(int* locks, int* counter, bool same) {
    if (threadIdx.x != 0) return;
    int* lock = locks + (same ? 0 : blockIdx.x % 2);
    while (atomicCAS(lock, 0, 1) != 0) {}
    __threadfence();
    *counter += 1;
    __threadfence();
    atomicExch(lock, 0);
}
CASE(one_lock, "lock", "clean") { two_locks<<<s.blocks, s.threads>>>(zeros<int>(2), zeros<int>(1), true); }
CASE(different_locks, "lock", "race") { two_locks<<<s.blocks, s.threads>>>(zeros<int>(2), zeros<int>(1), false); }

__global__ void outside_lock(int* lock, int* counter, int* out) {
    if (threadIdx.x != 0) return;
    while (atomicCAS(lock, 0, 1) != 0) {}
    __threadfence();
    *counter += 1;
    __threadfence();
    atomicExch(lock, 0);
    out[blockIdx.x] = *counter;
}
CASE(read_outside_the_lock, "lock", "race") { outside_lock<<<s.blocks, s.threads>>>(zeros<int>(1), zeros<int>(1), zeros<int>(s.blocks)); }

// The lock's owner writes a part after giving it back.
__global__ void late_write(int* data, int* flag, int* out, bool late) {
    if (threadIdx.x != 0) return;
    if (blockIdx.x == 0) {
        data[0] = 1;
        if (!late) data[1] = 2;
        __threadfence();
        if (late) data[1] = 2;
        atomicExch(flag, 1);
    } else if (blockIdx.x == 1) {
        while (atomicAdd(flag, 0) == 0) {}
        out[0] = data[0] + data[1];
    }
}
CASE(all_before_the_fence, "inter-block flag", "clean") { late_write<<<s.blocks, s.threads>>>(zeros<int>(2), zeros<int>(1), zeros<int>(1), false); }
CASE(write_after_the_fence, "inter-block flag", "race") { late_write<<<s.blocks, s.threads>>>(zeros<int>(2), zeros<int>(1), zeros<int>(1), true); }

// Scopes (ScoR's classes): atomics that are atomic for one's own block only.
__global__ void scoped(const int* in, int* sums, bool block_scope, bool own) {
    int* sum = sums + (own ? blockIdx.x : 0);
    int v = in[blockIdx.x * blockDim.x + threadIdx.x];
    if (block_scope) atomicAdd_block(sum, v); else atomicAdd(sum, v);
}
CASE(block_atomic_across_blocks, "scope", "race") { scoped<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(s.blocks), true, false); }
CASE(block_atomic_in_its_block, "scope", "clean") { scoped<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(s.blocks), true, true); }
CASE(device_atomic_across_blocks, "scope", "clean") { scoped<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(s.blocks), false, false); }

__global__ void mixed_scopes(int* sum) { if (blockIdx.x % 2) atomicAdd(sum, 1); else atomicAdd_block(sum, 1); }
CASE(scopes_mixed, "scope", "race") { mixed_scopes<<<s.blocks, s.threads>>>(zeros<int>(1)); }

// Within a block a block fence is enough: one warp produces for another.
__global__ void producer(int* out, bool fence) {
    __shared__ int data;
    __shared__ int ready;
    if (threadIdx.x == 0) ready = 0;
    __syncthreads();
    if (threadIdx.x == 0) {
        data = 7;
        if (fence) __threadfence_block();
        atomicExch_block(&ready, 1);
    } else if (threadIdx.x == 32) {
        while (atomicAdd_block(&ready, 0) == 0) {}
        out[blockIdx.x] = data;
    }
}
CASE(producer_warp_with_block_fence, "inter-warp flag", "clean") { producer<<<s.blocks, s.threads>>>(zeros<int>(s.blocks), true); }
CASE(producer_warp_without_fence, "inter-warp flag", "race") { producer<<<s.blocks, s.threads>>>(zeros<int>(s.blocks), false); }

// Atomic and plain accesses to one place.
__global__ void read_plain(int* sum, int* out, int how) {
    atomicAdd(sum, 1);
    if (how == 1) __syncthreads();
    if (threadIdx.x == 0) out[blockIdx.x] = how == 2 ? atomicAdd(sum, 0) : *sum;
}
CASE(atomics_then_plain_read, "atomics mixed with plain", "race") { read_plain<<<s.blocks, s.threads>>>(zeros<int>(1), zeros<int>(s.blocks), 0); }
CASE(atomics_then_plain_read_of_other_blocks, "atomics mixed with plain", "race") { read_plain<<<s.blocks, s.threads>>>(zeros<int>(1), zeros<int>(s.blocks), 1); }
CASE(atomics_then_atomic_read, "atomics mixed with plain", "clean") { read_plain<<<s.blocks, s.threads>>>(zeros<int>(1), zeros<int>(s.blocks), 2); }
CASE(atomics_barrier_plain_read, "atomics mixed with plain", "clean") { read_plain<<<1, s.threads>>>(zeros<int>(1), zeros<int>(1), 1); }

__global__ void reset_and_add(int* sum, bool in_kernel) {
    if (in_kernel && blockIdx.x == 0 && threadIdx.x == 0) *sum = 0;
    atomicAdd(sum, 1);
}
CASE(reset_in_the_same_launch, "atomics mixed with plain", "race") { reset_and_add<<<s.blocks, s.threads>>>(zeros<int>(1), true); }
CASE(reset_before_the_launch, "atomics mixed with plain", "clean") { reset_and_add<<<s.blocks, s.threads>>>(zeros<int>(1), false); }

__global__ void queue(const int* in, int* items, int* tail, bool atomic) {
    int v = in[blockIdx.x * blockDim.x + threadIdx.x];
    if (v % 2) return;
    int slot = atomic ? atomicAdd(tail, 1) : (*tail)++;
    items[slot] = v;
}
CASE(queue_with_atomic_tail, "atomics mixed with plain", "clean") { queue<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(s.size()), zeros<int>(1), true); }
CASE(queue_with_plain_tail, "global read-modify-write", "race") { queue<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(s.size()), zeros<int>(1), false); }
