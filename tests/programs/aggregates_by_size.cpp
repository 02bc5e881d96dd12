// Structures of 1 to 130 bytes, of several alignments and members, passed and returned by value, through pointers and by calls of
// functions that have not run yet.
#include "check.h"
#include <cstdint>
#include <cstring>
#include <utility>

template <int Size, int Align> struct alignas(Align) Bytes {
    unsigned char bytes[Size];
};
template <int Size> struct Floats {
    float values[Size];
};
struct Nontrivial {
    int value;
    static inline int live = 0;
    explicit Nontrivial(int v) : value(v) { ++live; }
    Nontrivial(const Nontrivial &other) : value(other.value + 1) { ++live; }
    ~Nontrivial() { --live; }
};

template <class T> static unsigned hash(const T &value) {
    unsigned char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof value);
    unsigned h = 2166136261u;
    for (unsigned char byte : bytes) h = (h ^ byte) * 16777619u;
    return h;
}

template <class T> __attribute__((noinline)) static T change(int before, T value, double between, T second, int after) {
    CHECK(before == 1 && between == 2.5 && after == 3);
    CHECK(reinterpret_cast<std::uintptr_t>(&value) % alignof(T) == 0);
    unsigned char bytes[sizeof(T)], others[sizeof(T)];
    std::memcpy(bytes, &value, sizeof value);
    std::memcpy(others, &second, sizeof value);
    for (unsigned i = 0; i < sizeof value; ++i) bytes[i] = static_cast<unsigned char>(bytes[i] * 5 + others[sizeof value - 1 - i] + i);
    T result;
    std::memcpy(&result, bytes, sizeof value);
    std::memset(&value, 0, sizeof value);
    return result;
}

template <class T> static unsigned check(int i) {
    T (*volatile pointer)(int, T, double, T, int) = change<T>;
    T value;
    unsigned char bytes[sizeof(T)];
    for (unsigned k = 0; k < sizeof value; ++k) bytes[k] = static_cast<unsigned char>(i + 3 * k);
    std::memcpy(&value, bytes, sizeof value);
    const unsigned before = hash(value);
    const T direct = change(1, value, 2.5, value, 3);
    const T by_pointer = pointer(1, value, 2.5, value, 3);
    CHECK(hash(direct) == hash(by_pointer));
    CHECK(hash(value) == before);
    return hash(direct);
}

template <int... N> static unsigned sizes(int i, std::integer_sequence<int, N...>) {
    return (check<Bytes<N + 1, 1>>(i) ^ ...) + (check<Bytes<8 * N + 8, 8>>(i) ^ ...) + (check<Bytes<32 * (N % 4 + 1), 32>>(i) ^ ...) +
           (check<Floats<N % 9 + 1>>(i) ^ ...);
}

static Nontrivial pass(Nontrivial value, int i) {
    value.value += i;
    return value;
}

int main() {
    unsigned h = 0;
    long sum = 0;
    for (int i = 0; i < 120; ++i) h = h * 31 + sizes(i, std::make_integer_sequence<int, 17>());
    for (int i = 0; i < 20; ++i) h = h * 31 + check<Bytes<130, 2>>(i) + check<Bytes<4096, 64>>(i);
    for (int i = 0; i < 2000; ++i) sum += pass(pass(Nontrivial(i), 1), 2).value;
    CHECK(Nontrivial::live == 0);
    std::printf("%08x %ld\n", h, sum);
    return 63;
}
