// What the program and its shared library both see.
#pragma once
#include "../check.h"
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <typeinfo>

struct Shape {
    virtual ~Shape();
    virtual int sides() const = 0;
    virtual Shape *self() { return this; }
};
struct Round {
    virtual ~Round() = default;
    virtual double radius() const { return 1.5; }
};
struct Circle : Shape, Round {
    int sides() const override;
};
template <class T> struct Sized : Shape {
    T size;
    explicit Sized(T s) : size(s) {}
    int sides() const override { return static_cast<int>(size); }
};
struct ShapeError : std::runtime_error {
    int code;
    explicit ShapeError(int c) : std::runtime_error("shape error"), code(c) {}
    ~ShapeError() override;
};

inline int shared_count = 100;
inline int &shared_static() {
    static int value = ++shared_count;
    return value;
}
template <class T> struct Registry {
    static inline int entries = 0;
    static int add() { return ++entries; }
};
inline int in_line(int x) { return x + Registry<char>::add(); }

using Callback = int (*)(int);
extern thread_local int last_error;
extern thread_local std::string last_text;
extern int exported;
extern const char *const names[3];
int *exported_address();
Shape *make_shape(int kind);
bool is_circle(const Shape *shape);
int call_back(Callback callback, int times);
Callback same(Callback callback);
Callback library_function();
Callback library_inline();
int *library_static();
int *library_entries();
void fail_in_library(int code);
int catch_in_library(void (*thrower)(int), int code);
std::exception_ptr keep_in_library(int code);
int library_error();
void set_library_error(int error);
const std::type_info &type_of_sized();
