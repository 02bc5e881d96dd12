// Whoever takes the address of a function, it is one address.
#pragma once
#include "../check.h"
#include <functional>

using Function = int (*)(int);
int external(int x);
inline int in_line(int x) { return x + 2; }
template <class T> int generic(T x) { return static_cast<int>(x) + 3; }
struct Object {
    virtual ~Object() = default;
    virtual int first(int x) { return x + 4; }
    virtual int second(int x);
    int plain(int x) { return x + 5; }
    static int of_class(int x) { return x + 6; }
    Function stored = in_line;
};
using Method = int (Object::*)(int);

extern const Function table_of_b[5];
extern const Method methods_of_b[3];
extern "C" Function identity_in_b(Function f);
Function pick(int which);
Method pick_method(int which);
int hidden_in_b(int x, bool (*equal)(Function));
void *slot_in_b(Object *object, int which);
