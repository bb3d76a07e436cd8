// CUDA's atomic functions on the types that CUDA allows each, in device, _block and _system form, and __nanosleep.
// They are sequentially consistent, which is stronger than CUDA's relaxed atomics: a missing fence shows only in the race
// check. An atomic that changes nothing counts as a turn of a spin loop; after a few the thread lets others run.
// Limits: atomics of half types are in cuda_fp16.h. All are templates, so that a program's own atomicAdd(double*, double) wins.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "codepar_cuda/hooks.h"

namespace codepar_cuda {

// Turns of spin loops of the running thread since it last made progress.
extern __thread int spin_turns;
constexpr int spin_limit = 24;
// Lets the other threads run: of the block, of the blocks that are resident, then of further blocks.
void spin_yield();

CODEPAR_UNCHECKED inline void note_atomic(bool progress) {
    if (progress) {
        spin_turns = 0;
    } else if (++spin_turns >= spin_limit) {
        spin_yield();
    }
}

template <class T, class... Choices>
struct is_one_of : std::false_type {};
template <class T, class First, class... Rest>
struct is_one_of<T, First, Rest...>
    : std::conditional_t<std::is_same<T, First>::value, std::true_type, is_one_of<T, Rest...>> {};
template <class T, class... Choices>
using one_of = std::enable_if_t<is_one_of<T, Choices...>::value, T>;

template <std::size_t Bytes>
using atomic_word = std::conditional_t<
    Bytes == 8, std::uint64_t,
    std::conditional_t<Bytes == 4, std::uint32_t, std::conditional_t<Bytes == 2, std::uint16_t, std::uint8_t>>>;

template <class Word, class T>
CODEPAR_UNCHECKED inline Word bits_of(const T& value) {
    static_assert(sizeof(Word) == sizeof(T), "the word that holds the value");
    Word word;
    std::memcpy(&word, &value, sizeof word);
    return word;
}

// The old value; the place then holds change(old). `change` must have no effects: it may run several times.
template <class T, class Change>
CODEPAR_UNCHECKED inline T atomic_update(T* place, Change change, Scope scope) {
    using Word = atomic_word<sizeof(T)>;
    Word* word = reinterpret_cast<Word*>(place);
    static_cast<void>(scope);
    CODEPAR_HOOK(atomic_access(place, sizeof(T), AtomicKind::rmw, scope));
    Word before = __atomic_load_n(word, __ATOMIC_RELAXED), after;
    T old;
    do {
        std::memcpy(&old, &before, sizeof(T));
        after = bits_of<Word>(static_cast<T>(change(old)));
    } while (!__atomic_compare_exchange_n(word, &before, after, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    note_atomic(after != before);
    return old;
}

template <class T>
CODEPAR_UNCHECKED inline std::enable_if_t<std::is_integral<T>::value, T> atomic_add(T* place, T value, Scope scope) {
    static_cast<void>(scope);
    CODEPAR_HOOK(atomic_access(place, sizeof(T), AtomicKind::rmw, scope));
    const T old = __atomic_fetch_add(place, value, __ATOMIC_SEQ_CST);
    note_atomic(value != 0);
    return old;
}

template <class T>
CODEPAR_UNCHECKED inline std::enable_if_t<!std::is_integral<T>::value, T> atomic_add(T* place, T value, Scope scope) {
    return atomic_update(place, [value](T old) { return static_cast<T>(old + value); }, scope);
}

template <class T>
CODEPAR_UNCHECKED inline T atomic_exchange(T* place, T value, Scope scope) {
    using Word = atomic_word<sizeof(T)>;
    static_cast<void>(scope);
    CODEPAR_HOOK(atomic_access(place, sizeof(T), AtomicKind::rmw, scope));
    const Word fresh = bits_of<Word>(value);
    const Word word = __atomic_exchange_n(reinterpret_cast<Word*>(place), fresh, __ATOMIC_SEQ_CST);
    note_atomic(word != fresh);
    T old;
    std::memcpy(&old, &word, sizeof old);
    return old;
}

template <class T>
CODEPAR_UNCHECKED inline T atomic_compare_and_swap(T* place, T compare, T value, Scope scope) {
    using Word = atomic_word<sizeof(T)>;
    static_cast<void>(scope);
    CODEPAR_HOOK(atomic_access(place, sizeof(T), AtomicKind::rmw, scope));
    Word before = bits_of<Word>(compare);
    const Word fresh = bits_of<Word>(value);
    const bool swapped = __atomic_compare_exchange_n(reinterpret_cast<Word*>(place), &before, fresh, false,
                                                     __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    note_atomic(swapped && before != fresh);
    T old;
    std::memcpy(&old, &before, sizeof old);
    return old;
}

// The type of a parameter that does not take part in the deduction of T: atomicAdd(unsigned*, 1) is legal.
template <class T>
struct as_is {
    using type = T;
};
template <class T>
using as_is_t = typename as_is<T>::type;

}  // namespace codepar_cuda

// The race check names the caller's line: these functions are not inlined into code that it watches.
#define CODEPAR_AT(file, line)  \
    static_cast<void>(file);    \
    static_cast<void>(line);    \
    CODEPAR_HOOK(at({file, line}))

// One CUDA function in its three scopes: `choices` are the types that CUDA offers it for, `body` uses place, value, scope.
#define CODEPAR_ATOMIC_FORM(name, scope_name, body, ...)                                                   \
    template <class T, class = ::codepar_cuda::one_of<T, __VA_ARGS__>>                                     \
    CODEPAR_UNCHECKED inline T name(T* place, ::codepar_cuda::as_is_t<T> value,                            \
                                    const char* file = __builtin_FILE(), int line = __builtin_LINE()) {    \
        CODEPAR_AT(file, line);                                                                            \
        constexpr ::codepar_cuda::Scope scope = ::codepar_cuda::Scope::scope_name;                         \
        return body;                                                                                       \
    }
#define CODEPAR_ATOMIC(name, body, ...)                          \
    CODEPAR_ATOMIC_FORM(name, device, body, __VA_ARGS__)         \
    CODEPAR_ATOMIC_FORM(name##_block, block, body, __VA_ARGS__)  \
    CODEPAR_ATOMIC_FORM(name##_system, system, body, __VA_ARGS__)
#define CODEPAR_CHANGE(expression) ::codepar_cuda::atomic_update(place, [value](T old) { return expression; }, scope)

CODEPAR_ATOMIC(atomicAdd, ::codepar_cuda::atomic_add(place, value, scope), int, unsigned, unsigned long long, float, double)
CODEPAR_ATOMIC(atomicSub, ::codepar_cuda::atomic_add(place, static_cast<T>(0u - static_cast<unsigned>(value)), scope), int, unsigned)
CODEPAR_ATOMIC(atomicExch, ::codepar_cuda::atomic_exchange(place, value, scope), int, unsigned, unsigned long long, float)
CODEPAR_ATOMIC(atomicMin, CODEPAR_CHANGE(value < old ? value : old), int, unsigned, unsigned long long, long long)
CODEPAR_ATOMIC(atomicMax, CODEPAR_CHANGE(value > old ? value : old), int, unsigned, unsigned long long, long long)
CODEPAR_ATOMIC(atomicAnd, CODEPAR_CHANGE(old& value), int, unsigned, unsigned long long)
CODEPAR_ATOMIC(atomicOr, CODEPAR_CHANGE(old | value), int, unsigned, unsigned long long)
CODEPAR_ATOMIC(atomicXor, CODEPAR_CHANGE(old ^ value), int, unsigned, unsigned long long)
CODEPAR_ATOMIC(atomicInc, CODEPAR_CHANGE(old >= value ? 0u : old + 1u), unsigned)
CODEPAR_ATOMIC(atomicDec, CODEPAR_CHANGE(old == 0u || old > value ? value : old - 1u), unsigned)
#undef CODEPAR_ATOMIC
#undef CODEPAR_ATOMIC_FORM
#undef CODEPAR_CHANGE

#define CODEPAR_CAS(name, scope_name)                                                                                       \
    template <class T, class = ::codepar_cuda::one_of<T, int, unsigned, unsigned long long, unsigned short>>               \
    CODEPAR_UNCHECKED inline T name(T* place, ::codepar_cuda::as_is_t<T> compare, ::codepar_cuda::as_is_t<T> value,        \
                                    const char* file = __builtin_FILE(), int line = __builtin_LINE()) {                    \
        CODEPAR_AT(file, line);                                                                                            \
        return ::codepar_cuda::atomic_compare_and_swap<T>(place, compare, value, ::codepar_cuda::Scope::scope_name);       \
    }
CODEPAR_CAS(atomicCAS, device)
CODEPAR_CAS(atomicCAS_block, block)
CODEPAR_CAS(atomicCAS_system, system)
#undef CODEPAR_CAS

// Only ever called in a loop that waits for another thread.
inline void __nanosleep(unsigned) { codepar_cuda::spin_yield(); }
