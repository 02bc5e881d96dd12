// What both files see: inline functions and variables, of which the program has one copy each.
#pragma once
#include <cstdio>
#include <string>
#include <vector>

inline int registrations = 0;
inline std::vector<std::string> log_of_both;

struct Registered {
    explicit Registered(const char *name) { log_of_both.push_back(name + std::to_string(++registrations)); }
};

inline int &counter() {
    static int count = std::puts("counter made") >= 0 ? 100 : 0;
    return count;
}

template <class T> struct Family {
    static int members;
    static int add(int n) { return members += n; }
};
template <class T> int Family<T>::members = 0;

struct Shape {
    virtual ~Shape() = default;
    virtual int sides() const { return 0; }
};

struct Square : Shape {
    int sides() const override { return 4; }
};

int *counter_in_b();
int (*add_in_b())(int);
int hot_in_b(const Shape &shape);
const Shape &square_of_b();
