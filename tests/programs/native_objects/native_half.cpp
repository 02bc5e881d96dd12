// The native half of main.cpp.
#include "shared.h"

extern "C" __attribute__((weak)) int weak_in_object(int x) { return -x; }

int variable_there = 6;
Function table_there[3] = {here, there, weak_in_object};
static Function volatile current = here;

int Middle::value() const { return 50; }
int there(int x) {
    static int calls = 100;
    return ++calls + x + current(x) + variable_here++ % 3;
}
int native_round(const Base *base, int rounds) {
    int sum = 0;
    for (int i = 0; i < rounds; ++i) sum += base->value();
    CHECK(dynamic_cast<const Leaf<int> *>(base) != nullptr);
    return sum;
}
Function function_there(int which) { return which == 0 ? here : which == 1 ? there : weak_in_object; }
int *static_there() { return inline_static(); }
int catch_there(void (*thrower)(int), int code) {
    try {
        thrower(code);
    } catch (const Failure &failure) {
        return failure.code * 2;
    } catch (const std::exception &error) {
        return error.what()[0];
    }
    return -1;
}
void throw_there(int code) {
    if (code % 2) throw Failure(code);
    throw Leaf<int>(code);
}
Base *make_there(int kind) {
    if (kind == 0) return new Base;
    if (kind == 1) return new Leaf<int>(3);
    return new Middle;
}
const std::type_info &type_there() { return typeid(Leaf<int>); }

struct Traced {
    Traced() { std::puts("constructor of the object"); }
    ~Traced() { std::puts("destructor of the object"); }
};
static Traced traced;
