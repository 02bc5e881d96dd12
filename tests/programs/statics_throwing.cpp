// Initialisers of statics that throw: tried again by the next call until one succeeds, and never again after that.
#include "check.h"
#include <stdexcept>
#include <string>

static int tries, destroyed;

struct Member {
    ~Member() { ++destroyed; }
};
struct Picky {
    Member member;
    std::string text;
    explicit Picky(int n) : text(40, 'p') {
        ++tries;
        if (n % 700 != 0) throw std::runtime_error("not " + std::to_string(n));
    }
    ~Picky() { std::printf("Picky ends, %d tries, %d members destroyed\n", tries, destroyed); }
};

static Picky &local(int n) {
    static Picky picky(n);
    return picky;
}

template <int Id> static int &counted(int n) {
    static int tried = 0;
    static int value = [n] {
        ++tried;
        if (n < 100 * Id) throw n;
        return 1000 * n;
    }();
    CHECK(tried == (n < 100 * Id ? tried : 100 * Id));
    return value;
}

// The first of two statics is kept when the second one throws.
static int pair_made;
static int pair(int n) {
    static int first = ++pair_made;
    static int second = n < 1000 ? throw std::logic_error("second") : n;
    return first * second;
}

template <class F> static bool throws(F f) {
    try {
        f();
        return false;
    } catch (const std::exception &) {
        return true;
    } catch (int) {
        return true;
    }
}

int main() {
    const Picky *made = nullptr;
    const int *value = nullptr;
    for (int i = 1; i < 3000; ++i) {
        CHECK(throws([i] { local(i); }) == (i < 700));
        CHECK(tries == (i < 700 ? i : 700));
        CHECK(destroyed == (i < 700 ? i : 699));
        if (i >= 700) {
            CHECK(made == nullptr || made == &local(i));
            made = &local(i);
        }
        CHECK(throws([i] { counted<3>(i); }) == (i < 300));
        CHECK(throws([i] { counted<9>(i); }) == (i < 900));
        if (i >= 900) {
            CHECK(value == nullptr || value == &counted<9>(1));
            CHECK(counted<3>(1) == 300000 && counted<9>(1) == 900000);
            value = &counted<9>(i);
        }
        CHECK(throws([i] { pair(i); }) == (i < 1000));
        CHECK(pair_made == 1);
    }
    std::printf("%s %d %d\n", local(1).text.c_str(), *value, pair(5));
    return 50;
}
