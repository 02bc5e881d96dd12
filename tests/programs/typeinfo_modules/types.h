// Types whose virtual tables and type information several files have.
#pragma once
#include "../check.h"
#include <exception>
#include <stdexcept>
#include <typeinfo>

struct Root {
    virtual ~Root() = default;
    virtual int id() const { return 1; }
    int root = 11;
};
struct Side {
    virtual ~Side() = default;
    virtual int side() const { return 2; }
    int data = 22;
};
struct Left : virtual Root {
    int id() const override { return 3; }
};
struct Right : virtual Root, Side {
    int side() const override { return root + data; }
};
struct Both : Left, Right { // The key function is in b.cpp, so the virtual table is as well.
    int id() const override;
};
template <class T> struct Boxed : Both {
    T value;
    explicit Boxed(T value) : value(value) {}
    int id() const override { return 100 + static_cast<int>(value); }
};
struct Failure : std::runtime_error {
    int code;
    explicit Failure(int code) : std::runtime_error("failure"), code(code) {}
};
template <class T> struct Wrapped : Failure {
    T payload;
    explicit Wrapped(T payload) : Failure(7), payload(payload) {}
};

const Root *make(int kind);
void fail(int kind);
int catches(void (*thrower)(int), int kind);
std::exception_ptr kept(int kind);
const std::type_info &type_in_b(int kind);
