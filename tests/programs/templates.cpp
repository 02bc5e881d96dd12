// Templates: many instances of few bodies, variadic ones, and compile-time computation.
#include <cstdio>

template <unsigned N> struct Fib {
    static constexpr unsigned value = Fib<N - 1>::value + Fib<N - 2>::value;
    static unsigned run(unsigned x) { return Fib<N - 1>::run(x) + Fib<N - 2>::run(x + 1); }
};
template <> struct Fib<1> {
    static constexpr unsigned value = 1;
    static unsigned run(unsigned x) { return x; }
};
template <> struct Fib<0> {
    static constexpr unsigned value = 0;
    static unsigned run(unsigned) { return 0; }
};

template <class T> T sum(T t) { return t; }
template <class T, class... Rest> T sum(T t, Rest... rest) { return t + sum<T>(rest...); }

template <class Derived> struct Shape {
    double twice() const { return 2 * static_cast<const Derived *>(this)->area(); }
};
struct Square : Shape<Square> {
    double side;
    explicit Square(double s) : side(s) {}
    double area() const { return side * side; }
};

int main() {
    unsigned r = 0;
    for (unsigned i = 0; i < 40; ++i) r += Fib<12>::run(i);
    double area = 0;
    for (int i = 0; i < 2000; ++i) area += Square(i).twice();
    std::printf("%u %u %d %.1f %.1f\n", Fib<30>::value, r, sum(1, 2, 3, 4, 5), sum(0.5, 1.5), area);
    return 3;
}
