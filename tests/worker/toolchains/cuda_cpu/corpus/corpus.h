/* The frame of the corpus: each CASE is a host function that launches kernels on a shape of blocks, chosen by the first argument.
   CASE(name, class, expected): `expected` is clean, or the kind of finding that must come and alone may come. The test and the benchmark read
   these labels from the source. Limits: threads must be a power of two from 64 to 512. */
#pragma once
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

struct Shape {
    int threads, blocks;
    int size() const { return threads * blocks; }
};

struct Entry {
    const char* name;
    void (*run)(Shape);
};

inline std::vector<Entry>& entries() {
    static std::vector<Entry> all;
    return all;
}

struct Registration {
    Registration(const char* name, void (*run)(Shape)) { entries().push_back(Entry{name, run}); }
};

#define CASE(name, class, expected)                        \
    static void name(Shape);                               \
    static Registration name##_registration(#name, name);  \
    static void name([[maybe_unused]] Shape s)

// 1, 2, 3, ... on the device.
template <class T>
T* ramp(int count) {
    std::vector<T> values(count);
    for (int i = 0; i < count; ++i) values[i] = static_cast<T>(i % 100 + 1);
    T* memory = nullptr;
    cudaMalloc(&memory, count * sizeof(T));
    cudaMemcpy(memory, values.data(), count * sizeof(T), cudaMemcpyHostToDevice);
    return memory;
}

template <class T>
T* zeros(int count) {
    T* memory = nullptr;
    cudaMalloc(&memory, count * sizeof(T));
    cudaMemset(memory, 0, count * sizeof(T));
    return memory;
}

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    const Shape shape{argc > 2 ? std::atoi(argv[2]) : 64, argc > 3 ? std::atoi(argv[3]) : 2};
    for (const Entry& entry : entries()) {
        if (std::strcmp(entry.name, argv[1]) != 0) continue;
        entry.run(shape);
        std::printf("%s\n", cudaGetErrorName(cudaDeviceSynchronize()));
        return 0;
    }
    return 2;
}
