// Exceptions that pass through frames of libraries: algorithms of libc, call_once, threads, streams, allocators; and handlers that
// libraries call back.
#include "check.h"
#include <algorithm>
#include <cstring>
#include <exception>
#include <future>
#include <iostream>
#include <new>
#include <search.h>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

static int allocations, guards;
struct Guard { ~Guard() { ++guards; } };
struct Stop {
    int at;
};

static int stop_at;
static int compare(const void *a, const void *b) {
    Guard guard;
    const int x = *static_cast<const int *>(a), y = *static_cast<const int *>(b);
    if (x == stop_at || y == stop_at) throw Stop{stop_at};
    return (x > y) - (x < y);
}
static int sorted(int stop) {
    int values[32];
    for (int i = 0; i < 32; ++i) values[i] = i * 7 % 32;
    stop_at = stop;
    try {
        std::qsort(values, 32, sizeof values[0], compare);
        CHECK(std::is_sorted(values, values + 32));
        int key = 17;
        return *static_cast<int *>(std::bsearch(&key, values, 32, sizeof key, compare));
    } catch (const Stop &thrown) {
        return 100 + thrown.at;
    }
}

struct Throwing : std::streambuf {
    int overflow(int) override { throw Stop{5}; }
};
static int stream(bool rethrow) {
    Throwing buffer;
    std::ostream out(&buffer);
    if (rethrow) out.exceptions(std::ios::badbit);
    try {
        out << "text" << 5;
        return out.bad() ? 1 : 2;
    } catch (const Stop &thrown) {
        return thrown.at;
    }
}

static int library_errors(int i) {
    try {
        switch (i % 5) {
        case 0: return std::stoi("x");
        case 1: return static_cast<int>(std::string("abc").at(7));
        case 2: return static_cast<int>(std::vector<int>(3).at(5));
        case 3: new (std::nothrow) char; throw std::bad_alloc();
        default: throw std::system_error(std::make_error_code(std::errc::not_supported));
        }
    } catch (const std::out_of_range &) {
        return 2;
    } catch (const std::invalid_argument &error) {
        return error.what()[0];
    } catch (const std::bad_alloc &) {
        return 4;
    } catch (const std::system_error &error) {
        return error.code() == std::errc::not_supported ? 5 : 6;
    }
}

static void new_handler() {
    ++allocations;
    throw std::bad_alloc();
}
static int nested(int depth) {
    try {
        if (depth == 0) throw Stop{9};
        nested(depth - 1);
    } catch (...) {
        if (depth % 3 == 0) std::throw_with_nested(std::runtime_error(std::to_string(depth)));
        throw;
    }
    return 0;
}
static int unwrap(const std::exception &error) {
    try {
        std::rethrow_if_nested(error);
    } catch (const Stop &stop) {
        return stop.at;
    } catch (const std::exception &inner) {
        return 1 + unwrap(inner);
    }
    return -1;
}

int main() {
    long sum = 0;
    for (int i = 0; i < 600; ++i) {
        sum += sorted(i % 40) + stream(i % 2) + library_errors(i);
        if (i % 10 == 0) {
            auto future = std::async(std::launch::async, [i] { return sorted(i % 40) > 100 ? throw Stop{i} : 3; });
            try {
                sum += future.get();
            } catch (const Stop &stop) {
                sum += stop.at;
            }
            try {
                nested(i % 20);
            } catch (const std::exception &error) {
                sum += unwrap(error);
            } catch (const Stop &stop) {
                sum += 50;
            }
        }
        CHECK(std::uncaught_exceptions() == 0 && std::current_exception() == nullptr);
    }
    std::set_new_handler(new_handler);
    volatile std::size_t huge = ~std::size_t(0) / 4;
    try {
        char *volatile text = static_cast<char *>(::operator new(huge));
        ::operator delete(text);
    } catch (const std::bad_alloc &) {
        ++sum;
    }
    CHECK(std::get_new_handler() == new_handler && allocations == 1);
    std::printf("%ld %d\n", sum, guards);
    return 81;
}
