// The class of a sixteen-bit floating-point type and of its pair, written once for __half and __nv_bfloat16: the includer
// defines CODEPAR_S (scalar), CODEPAR_P (pair), CODEPAR_RAW (the bits alone) and CODEPAR_BITS (of the exponent).
// Limits: conversions and operators are those of CUDA's headers, so what is ambiguous there (half + float) is so here.
// No #pragma once: it is included once a type.

struct CODEPAR_RAW {
    unsigned short x;
};

struct alignas(2) CODEPAR_S {
    CODEPAR_S() = default;
    CODEPAR_S(const CODEPAR_RAW& raw) : bits_(raw.x) {}
    CODEPAR_S(float value) : CODEPAR_S(static_cast<double>(value)) {}
    CODEPAR_S(double value) : bits_(::codepar_cuda::encode16<CODEPAR_BITS>(value)) {}
    CODEPAR_S(short value) : CODEPAR_S(static_cast<double>(value)) {}
    CODEPAR_S(unsigned short value) : CODEPAR_S(static_cast<double>(value)) {}
    CODEPAR_S(int value) : CODEPAR_S(static_cast<double>(value)) {}
    CODEPAR_S(unsigned int value) : CODEPAR_S(static_cast<double>(value)) {}
    CODEPAR_S(long value) : CODEPAR_S(static_cast<double>(value)) {}
    CODEPAR_S(unsigned long value) : CODEPAR_S(static_cast<double>(value)) {}
    CODEPAR_S(long long value) : CODEPAR_S(static_cast<double>(value)) {}
    CODEPAR_S(unsigned long long value) : CODEPAR_S(static_cast<double>(value)) {}

    operator CODEPAR_RAW() const { return CODEPAR_RAW{bits_}; }
    operator float() const { return ::codepar_cuda::decode16<CODEPAR_BITS>(bits_); }
    operator bool() const { return (bits_ & 0x7fff) != 0; }
    operator signed char() const { return to_integer<signed char>(); }
    operator unsigned char() const { return to_integer<unsigned char>(); }
    operator char() const { return to_integer<char>(); }
    operator short() const { return to_integer<short>(); }
    operator unsigned short() const { return to_integer<unsigned short>(); }
    operator int() const { return to_integer<int>(); }
    operator unsigned int() const { return to_integer<unsigned int>(); }
    operator long() const { return to_integer<long>(); }
    operator unsigned long() const { return to_integer<unsigned long>(); }
    operator long long() const { return to_integer<long long>(); }
    operator unsigned long long() const { return to_integer<unsigned long long>(); }

    CODEPAR_S& operator=(const CODEPAR_RAW& raw) { return bits_ = raw.x, *this; }
    CODEPAR_S& operator=(float value) { return *this = CODEPAR_S(value); }
    CODEPAR_S& operator=(double value) { return *this = CODEPAR_S(value); }
    CODEPAR_S& operator=(short value) { return *this = CODEPAR_S(value); }
    CODEPAR_S& operator=(unsigned short value) { return *this = CODEPAR_S(value); }
    CODEPAR_S& operator=(int value) { return *this = CODEPAR_S(value); }
    CODEPAR_S& operator=(unsigned int value) { return *this = CODEPAR_S(value); }
    CODEPAR_S& operator=(long long value) { return *this = CODEPAR_S(value); }
    CODEPAR_S& operator=(unsigned long long value) { return *this = CODEPAR_S(value); }

    // Toward zero and saturating, as the device converts.
    template <class I>
    I to_integer() const {
        const double value = static_cast<double>(static_cast<float>(*this));
        if (value != value) return I(0);
        if (value >= static_cast<double>(std::numeric_limits<I>::max())) return std::numeric_limits<I>::max();
        if (value <= static_cast<double>(std::numeric_limits<I>::min())) return std::numeric_limits<I>::min();
        return static_cast<I>(value);
    }

private:
    unsigned short bits_;
};

struct alignas(4) CODEPAR_P {
    CODEPAR_S x, y;
    CODEPAR_P() = default;
    CODEPAR_P(const CODEPAR_S& a, const CODEPAR_S& b) : x(a), y(b) {}
};

namespace codepar_cuda {

inline double wide(CODEPAR_S value) { return static_cast<double>(static_cast<float>(value)); }
inline unsigned short bits16(CODEPAR_S value) { return static_cast<CODEPAR_RAW>(value).x; }
inline CODEPAR_S negated(CODEPAR_S value) { return CODEPAR_RAW{static_cast<unsigned short>(bits16(value) ^ 0x8000)}; }
inline CODEPAR_S without_sign(CODEPAR_S value) { return CODEPAR_RAW{static_cast<unsigned short>(bits16(value) & 0x7fff)}; }
inline CODEPAR_S clamped01(CODEPAR_S value) {
    const double v = wide(value);
    return v >= 1 ? CODEPAR_S(1.0f) : v > 0 ? value : CODEPAR_S(0.0f);
}
// The larger (smaller): of a number and a NaN the number, or with `nan` the NaN; +0 is above -0.
inline CODEPAR_S extreme(CODEPAR_S a, CODEPAR_S b, bool larger, bool nan) {
    const double x = wide(a), y = wide(b);
    if (x != x || y != y) return (x != x) == nan ? (x != x && y != y ? CODEPAR_S(CODEPAR_RAW{0x7fff}) : a) : b;
    if (x == y) return std::signbit(x) == larger ? b : a;
    return (x > y) == larger ? a : b;
}

}  // namespace codepar_cuda

// Arithmetic: computed in double, rounded once.
#define CODEPAR_OPERATOR(symbol)                                                                                            \
    inline CODEPAR_S operator symbol(const CODEPAR_S& a, const CODEPAR_S& b) {                                              \
        return CODEPAR_S(::codepar_cuda::wide(a) symbol ::codepar_cuda::wide(b));                                           \
    }                                                                                                                       \
    inline CODEPAR_S& operator symbol##=(CODEPAR_S& a, const CODEPAR_S& b) { return a = a symbol b; }                       \
    inline CODEPAR_P operator symbol(const CODEPAR_P& a, const CODEPAR_P& b) { return {a.x symbol b.x, a.y symbol b.y}; }   \
    inline CODEPAR_P& operator symbol##=(CODEPAR_P& a, const CODEPAR_P& b) { return a = a symbol b; }
CODEPAR_OPERATOR(+)
CODEPAR_OPERATOR(-)
CODEPAR_OPERATOR(*)
CODEPAR_OPERATOR(/)
#undef CODEPAR_OPERATOR
inline CODEPAR_S operator+(const CODEPAR_S& a) { return a; }
inline CODEPAR_S operator-(const CODEPAR_S& a) { return ::codepar_cuda::negated(a); }
inline CODEPAR_P operator+(const CODEPAR_P& a) { return a; }
inline CODEPAR_P operator-(const CODEPAR_P& a) { return {-a.x, -a.y}; }
inline CODEPAR_S& operator++(CODEPAR_S& a) { return a += CODEPAR_S(1.0f); }
inline CODEPAR_S& operator--(CODEPAR_S& a) { return a -= CODEPAR_S(1.0f); }
inline CODEPAR_S operator++(CODEPAR_S& a, int) {
    const CODEPAR_S before = a;
    ++a;
    return before;
}
inline CODEPAR_S operator--(CODEPAR_S& a, int) {
    const CODEPAR_S before = a;
    --a;
    return before;
}
#define CODEPAR_COMPARISON(symbol)                                                      \
    inline bool operator symbol(const CODEPAR_S& a, const CODEPAR_S& b) {               \
        return ::codepar_cuda::wide(a) symbol ::codepar_cuda::wide(b);                  \
    }                                                                                   \
    inline bool operator symbol(const CODEPAR_P& a, const CODEPAR_P& b) { return a.x symbol b.x && a.y symbol b.y; }
CODEPAR_COMPARISON(==)
CODEPAR_COMPARISON(<)
CODEPAR_COMPARISON(<=)
CODEPAR_COMPARISON(>)
CODEPAR_COMPARISON(>=)
CODEPAR_COMPARISON(!=)
#undef CODEPAR_COMPARISON
