// What the parts that are compiled here and the one that is a native object share.
#pragma once
#include "../check.h"
#include <stdexcept>
#include <string>
#include <typeinfo>

struct Base {
    virtual ~Base() = default;
    virtual int value() const { return 1; }
};
struct Middle : virtual Base {
    int value() const override;
};
template <class T> struct Leaf : Middle {
    T own;
    explicit Leaf(T t) : own(t) {}
    int value() const override { return static_cast<int>(own) + Middle::value(); }
};
struct Failure : std::runtime_error {
    int code;
    explicit Failure(int c) : std::runtime_error("failure"), code(c) {}
};
inline int inline_count = 10;
inline int *inline_static() {
    static int value = ++inline_count;
    return &value;
}
using Function = int (*)(int);

// In bitcode.
int here(int x);
extern int variable_here;
extern Function table_here[2];
extern "C" int weak_in_object(int x);
void throw_here(int code);
// In the object.
int there(int x);
extern int variable_there;
extern Function table_there[3];
int native_round(const Base *base, int rounds);
Function function_there(int which);
int *static_there();
int catch_there(void (*thrower)(int), int code);
void throw_there(int code);
Base *make_there(int kind);
const std::type_info &type_there();
