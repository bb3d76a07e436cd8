#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

template <class T> struct Buffer {
    std::vector<T> host, copy;
    T *device;
    Buffer(int n, int range, int seed) : host(n + 1), copy(n + 1), device(nullptr) {
        for (int i = 0; i <= n; i++) host[i] = (T)((i * 7919 + seed * 104729 + i * i % 31) % range);
        copy = host;
        cudaMalloc((void **)&device, host.size() * sizeof(T));
        cudaMemcpy(device, host.data(), host.size() * sizeof(T), cudaMemcpyHostToDevice);
    }
    ~Buffer() { cudaFree(device); }
    bool same() {
        cudaMemcpy(copy.data(), device, copy.size() * sizeof(T), cudaMemcpyDeviceToHost);
        for (size_t i = 0; i < host.size(); i++)
            if (std::fabs((double)host[i] - (double)copy[i]) > 1e-5 * std::fabs((double)host[i])) return false;
        return true;
    }
};
template <class T> T fetched(T *device) {
    T value;
    cudaMemcpy(&value, device, sizeof(T), cudaMemcpyDeviceToHost);
    return value;
}
static void told(const char *name, int n, bool right) {
    if (!right) printf("%s differs with %d\n", name, n);
}
int main() {
    for (int n : {0, 1, 33, 300}) {
        Buffer<float> a(n, 17, 1), b(n, 13, 2);
        Buffer<float> s(0, 1, 3);
        dot_launch(a.device, b.device, n, s.device);
        told("dot", n, dot(a.host.data(), b.host.data(), n) == fetched(s.device));
        Buffer<int> v(n, 1000, 4), m(0, 1, 5), g(n, 5, 6), most(5, 3, 7);
        greatest_launch(v.device, n, m.device);
        told("greatest", n, greatest(v.host.data(), n) == fetched(m.device));
        groups_launch(g.device, v.device, most.device, n);
        groups(g.host.data(), v.host.data(), most.host.data(), n);
        told("groups", n, most.same());
        reversed_launch(v.device, n);
        reversed(v.host.data(), n);
        told("reversed", n, v.same());
        if (n > 0) {
            Buffer<unsigned char> in(n, 256, 8), out(n, 9, 9);
            equalised_launch(in.device, out.device, n);
            equalised(in.host.data(), out.host.data(), n);
            told("equalised", n, out.same());
        }
        smoothed_launch(a.device, b.device, n, 3);
        smoothed(a.host.data(), b.host.data(), n, 3);
        told("smoothed", n, a.same() && b.same());
        for (int stride : {0, 1, 3}) {
            Buffer<float> x(n * 3, 11, 10);
            strided_launch(x.device, n, stride);
            if (stride || n < 50) {
                strided(x.host.data(), n, stride);
                told("strided", stride, x.same());
            }
        }
    }
    for (int n : {1, 7, 40}) {
        Buffer<float> in(n * 9, 100, 11), out(n * 9, 3, 12), packs(n * 9, 3, 13), square(n * n, 50, 14);
        transposed_launch(in.device, out.device, n, 9);
        transposed(in.host.data(), out.host.data(), n, 9);
        told("transposed", n, out.same());
        packed_launch(in.device, packs.device, n, 9);
        packed(in.host.data(), packs.host.data(), n, 9);
        told("packed", n, packs.same());
        upper_launch(square.device, n);
        upper(square.host.data(), n);
        told("upper", n, square.same());
    }
    printf("done\n");
}
