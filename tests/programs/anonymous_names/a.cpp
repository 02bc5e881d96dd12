// Two files with anonymous namespaces of the same contents: variables, functions, types, and what is thrown are two each.
#include "names.h"
#define START 10
#define NAME "a"
#include "body.inc"

int main() {
    const View a = view(), b = view_of_b();
    long sum = 0;
    for (int i = 0; i < 1200; ++i) {
        sum += a.function(i) - b.function(i);
        CHECK(*a.value == 10 + i + 1 && *b.value == 5000 + i + 1);
        CHECK(a.object->id() == 10 && b.object->id() == 5000);
        CHECK(is_mine(a.object) && !is_mine(b.object));
        CHECK(a.value != b.value && a.function != b.function && a.function == function);
        CHECK(a.type != b.type && typeid(*b.object) == *b.type && typeid(*b.object) != typeid(Type));
        if (i % 10 == 0) CHECK(caught(a.thrower) && !caught(b.thrower) && caught_in_b(b.thrower) && !caught_in_b(a.thrower));
    }
    std::printf("%ld %s %s %d\n", sum, a.text, b.text, dynamic_cast<const Type *>(b.object) == nullptr);
    return 53;
}
