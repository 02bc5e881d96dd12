// Function-local statics: initialised once, in the order of first use, with side effects.
#include <cstdio>
#include <string>

struct Noisy {
    int value;
    explicit Noisy(const char *name, int v) : value(v) { std::printf("init %s\n", name); }
    ~Noisy() { std::printf("destroy %d\n", value); }
};

static Noisy &first() {
    static Noisy n("first", 1);
    return n;
}

static Noisy &second() {
    static Noisy n("second", first().value + 1);
    return n;
}

inline int &inline_static() {
    static int calls = 100;
    return ++calls;
}

template <class T> int instances() {
    static int n = 0;
    return ++n;
}

int main() {
    int sum = 0;
    for (int i = 0; i < 3000; ++i) {
        sum += second().value + first().value;
        inline_static();
        instances<int>();
        if (i % 3 == 0) instances<long>();
    }
    std::printf("%d %d %d %d\n", sum, inline_static(), instances<int>(), instances<long>());
    return sum == 9000 ? 11 : 1;
}
