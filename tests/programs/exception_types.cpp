// Exception types of the program's own, thrown three frames below the catch, from constructors, and through cleanups.
#include <cstdio>
#include <exception>
#include <memory>
#include <string>

struct Base : std::exception {
    int code;
    explicit Base(int c) : code(c) {}
    const char *what() const noexcept override { return "base"; }
};
struct Left : virtual Base {
    using Base::Base;
    Left() : Base(1) {}
    const char *what() const noexcept override { return "left"; }
};
struct Right : virtual Base { Right() : Base(2) {} };
struct Both : Left, Right { Both() : Base(3) {} };
struct Other { std::string text; };

static int live;
struct Part {
    explicit Part(int i) : n(i) {
        if (i % 11 == 0) throw Other{"part " + std::to_string(i)};
        ++live;
    }
    ~Part() { --live; }
    int n;
};
struct Whole {
    Part first, second;
    std::unique_ptr<Part> third;
    explicit Whole(int i) try : first(i), second(i + 1), third(new Part(i + 2)) {
    } catch (const Other &o) {
        if (o.text == "part 22") throw Left(22);
    }
};

static int third(int i) {
    switch (i % 6) {
    case 0: throw Both();
    case 1: throw Left(i);
    case 2: throw Other{"other"};
    case 3: throw "text";
    case 4: throw 2.5;
    default: return i;
    }
}
static int second(int i) {
    Part part(i * 11 + 1);
    return third(i) + part.n;
}
static int first(int i) {
    std::string cleanup(static_cast<size_t>(i % 30 + 1), 'c');
    return second(i) + static_cast<int>(cleanup.size());
}

static int caught(int i) {
    try {
        return first(i);
    } catch (const Right &r) {
        return r.code;
    } catch (const Base &b) {
        return b.what()[0] + b.code;
    } catch (const Other &o) {
        return static_cast<int>(o.text.size());
    } catch (const char *text) {
        return text[0];
    } catch (...) {
        try {
            throw;
        } catch (double d) {
            return static_cast<int>(d * 2);
        }
    }
}

int main() {
    long sum = 0, wholes = 0;
    for (int i = 0; i < 1800; ++i) sum += caught(i);
    for (int i = 1; i < 200; ++i) {
        try {
            Whole whole(i);
            ++wholes;
        } catch (const Left &l) {
            wholes += 1000 * l.code;
        } catch (const Other &o) {
            wholes += static_cast<long>(o.text.size());
        }
    }
    std::printf("%ld %ld %d %d\n", sum, wholes, live, std::uncaught_exceptions());
    return 31;
}
