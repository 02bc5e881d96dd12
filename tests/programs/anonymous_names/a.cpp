// Two files with anonymous namespaces of the same contents: variables, functions, types, and what is thrown are two each.
#include "names.h"
#define START 10
#define NAME "a"
#include "body.inc"

int main() {
    const View a = view(), b = view_of_b();
    long sum = 0, equal = 0;
    for (int i = 0; i < 1200; ++i) {
        sum += a.function(i) - b.function(i);
        CHECK(*a.value == 10 + i + 1 && *b.value == 5000 + i + 1);
        CHECK(a.object->id() == 10 && b.object->id() == 5000);
        // Clang's type information of the two has one name, by which libstdc++ compares: what they are to each other is the output.
        equal += is_mine(a.object) + 2 * is_mine(b.object) + 4 * (typeid(*b.object) == typeid(Type));
        CHECK(a.value != b.value && a.function != b.function && a.function == function);
        CHECK(a.type != b.type && &typeid(*b.object) == b.type && &typeid(*b.object) != &typeid(Type));
        if (i % 10 == 0) CHECK(caught(a.thrower) && caught_in_b(b.thrower));
    }
    std::printf("%ld %ld %s %s %d\n", sum, equal, a.text, b.text, dynamic_cast<const Type *>(b.object) == nullptr);
    return 53;
}
