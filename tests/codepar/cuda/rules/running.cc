// Every function and its translation on the same numbers; sizes around a block and beyond 256 blocks.
#include <cstdio>
#include <cstdlib>
#include <vector>
#ifdef _OPENMP
#define ENTRY(name) name##_openmp
#else
#define ENTRY(name) name##_host
template <class T> struct Held {
    std::vector<T> &host;
    T *device = nullptr;
    explicit Held(std::vector<T> &all) : host(all) {
        cudaMalloc(&device, (host.size() + 1) * sizeof(T));
        cudaMemcpy(device, host.data(), host.size() * sizeof(T), cudaMemcpyHostToDevice);
    }
    ~Held() { cudaMemcpy(host.data(), device, host.size() * sizeof(T), cudaMemcpyDeviceToHost); }
};
typedef std::vector<int> Ints;
static Ints &copy(const int *p, int n) { static Ints held[8]; static int at; Ints &one = held[at++ % 8]; one.assign(p, p + n); return one; }
template <class T, class F> T valued(F call) {
    std::vector<T> result(1);
    { Held<T> held(result); call(held.device); }
    return result[0];
}
static long exclusive_host(const int *a, long *b, int n) {
    std::vector<long> out(b, b + n);
    const long r = valued<long>([&](long *result) { Held<int> in(copy(a, n)); Held<long> held(out); exclusive_launch(in.device, held.device, n, result); });
    for (int i = 0; i < n; i++) b[i] = out[i];
    return r;
}
#define TWO(name) static void name##_host(const int *a, int *b, int n) { Ints out(b, b + n); { Held<int> in(copy(a, n)), held(out); \
    name##_launch(in.device, held.device, n); } for (int i = 0; i < n; i++) b[i] = out[i]; }
TWO(inclusive)
TWO(flagged)
TWO(brought)
TWO(downwards)
TWO(chosen)
TWO(handed_on)
TWO(without_first)
TWO(greatest_so_far)
static void in_place_host(int *a, int n) { Ints out(a, a + n); { Held<int> held(out); in_place_launch(held.device, n); } for (int i = 0; i < n; i++) a[i] = out[i]; }
static void two_at_once_host(const int *a, int *b, unsigned *c, int n) {
    Ints out(b, b + n); std::vector<unsigned> more(c, c + n);
    { Held<int> in(copy(a, n)), held(out); Held<unsigned> others(more); two_at_once_launch(in.device, held.device, others.device, n); }
    for (int i = 0; i < n; i++) { b[i] = out[i]; c[i] = more[i]; }
}
static int first_greatest_host(const int *a, int n) {
    return valued<int>([&](int *result) { Held<int> in(copy(a, n)); first_greatest_launch(in.device, n, result); });
}
static int place_of_greatest_host(const int *a, int n) {
    return valued<int>([&](int *result) { Held<int> in(copy(a, n)); place_of_greatest_launch(in.device, n, result); });
}
static void totalled_host(const int *a, int *b, long *total, int n) {
    Ints out(b, b + n); std::vector<long> sum(1, *total);
    { Held<int> in(copy(a, n)), held(out); Held<long> all(sum); totalled_launch(in.device, held.device, all.device, n); }
    *total = sum[0];
    for (int i = 0; i < n; i++) b[i] = out[i];
}
static int last_least_host(const int *a, int n, int *least) {
    Ints out(1);
    const int r = valued<int>([&](int *result) { Held<int> in(copy(a, n)), held(out); last_least_launch(in.device, n, held.device, result); });
    *least = out[0];
    return r;
}
static int greatest_in_table_host(const int *a, int h, int w) {
    return valued<int>([&](int *result) { Held<int> in(copy(a, h * w)); greatest_in_table_launch(in.device, h, w, result); });
}
#define VALUED(name) static int name##_host(const int *a, int *b, int n) { Ints out(b, b + n); \
    const int r = valued<int>([&](int *result) { Held<int> in(copy(a, n)), held(out); name##_launch(in.device, held.device, n, result); }); \
    for (int i = 0; i < n; i++) b[i] = out[i]; return r; }
VALUED(last_value)
VALUED(kept)
VALUED(paired)
VALUED(stepped)
static void mirrored_host(int *a, int n) { Ints out(a, a + n); { Held<int> held(out); mirrored_launch(held.device, n); } for (int i = 0; i < n; i++) a[i] = out[i]; }
static int all_and_any_host(const int *a, int n) {
    return valued<int>([&](int *result) { Held<int> in(copy(a, n)); all_and_any_launch(in.device, n, result); });
}
static int last_above_host(const int *a, int n) {
    return valued<int>([&](int *result) { Held<int> in(copy(a, n)); last_above_launch(in.device, n, result); });
}
#endif
#define SAME(name, left, right) if (!((left) == (right))) printf("%s differs with %d\n", name, n);
template <class T> static bool same(const std::vector<T> &a, const std::vector<T> &b) { return a == b; }
int main() {
    for (int n : {1, 2, 31, 256, 257, 1000, 70001}) {
        std::vector<int> a(n), b(n, 7), c(n, 7);
        std::vector<long> d(n), e(n);
        std::vector<unsigned> f(n, 1), g(n, 1);
        for (int i = 0; i < n; i++) a[i] = (i * 7919) % 13 - 2;
        SAME("exclusive", exclusive(a.data(), d.data(), n), ENTRY(exclusive)(a.data(), e.data(), n));
        SAME("exclusive", d, e);
        inclusive(a.data(), b.data(), n), ENTRY(inclusive)(a.data(), c.data(), n);
        SAME("inclusive", b, c);
        in_place(b.data(), n), ENTRY(in_place)(c.data(), n);
        SAME("in_place", b, c);
        greatest_so_far(a.data(), b.data(), n), ENTRY(greatest_so_far)(a.data(), c.data(), n);
        SAME("greatest_so_far", b, c);
        two_at_once(a.data(), b.data(), f.data(), n), ENTRY(two_at_once)(a.data(), c.data(), g.data(), n);
        SAME("two_at_once", b, c);
        SAME("two_at_once", f, g);
        SAME("first_greatest", first_greatest(a.data(), n), ENTRY(first_greatest)(a.data(), n));
        SAME("place_of_greatest", place_of_greatest(a.data(), n), ENTRY(place_of_greatest)(a.data(), n));
        long sum = 5, total = 5;
        totalled(a.data(), b.data(), &sum, n), ENTRY(totalled)(a.data(), c.data(), &total, n);
        SAME("totalled", sum, total);
        SAME("totalled", b, c);
        handed_on(a.data(), b.data(), n), ENTRY(handed_on)(a.data(), c.data(), n);
        without_first(a.data(), b.data(), n), ENTRY(without_first)(a.data(), c.data(), n);
        SAME("handed_on", b, c);
        int low = 0, least = 0;
        SAME("last_least", last_least(a.data(), n, &low), ENTRY(last_least)(a.data(), n, &least));
        SAME("last_least", low, least);
        if (n > 900) SAME("greatest_in_table", greatest_in_table(a.data(), 30, 29), ENTRY(greatest_in_table)(a.data(), 30, 29));
        SAME("last_value", last_value(a.data(), b.data(), n), ENTRY(last_value)(a.data(), c.data(), n));
        SAME("last_value", b, c);
        SAME("last_above", last_above(a.data(), n), ENTRY(last_above)(a.data(), n));
        SAME("kept", kept(a.data(), b.data(), n), ENTRY(kept)(a.data(), c.data(), n));
        SAME("paired", paired(a.data(), b.data(), n), ENTRY(paired)(a.data(), c.data(), n));
        SAME("paired", b, c);
        SAME("stepped", stepped(a.data(), b.data(), n), ENTRY(stepped)(a.data(), c.data(), n));
        SAME("all_and_any", all_and_any(a.data(), n), ENTRY(all_and_any)(a.data(), n));
        flagged(a.data(), b.data(), n), ENTRY(flagged)(a.data(), c.data(), n);
        mirrored(b.data(), n), ENTRY(mirrored)(c.data(), n);
        chosen(a.data(), b.data(), n), ENTRY(chosen)(a.data(), c.data(), n);
        SAME("chosen", b, c);
        brought(a.data(), b.data(), n), ENTRY(brought)(a.data(), c.data(), n);
        SAME("brought", b, c);
        downwards(a.data(), b.data(), n), ENTRY(downwards)(a.data(), c.data(), n);
        SAME("downwards", b, c);
    }
    int n = 0, x[1] = {4};
    long none[1];
    SAME("exclusive", exclusive(x, none, n), ENTRY(exclusive)(x, none, n));
    SAME("last_above", last_above(x, n), ENTRY(last_above)(x, n));
    printf("done\n");
}
