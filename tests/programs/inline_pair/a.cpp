// One program of two files that share inline definitions: one address, one value, one initialisation.
#include "shared.h"
#include <typeinfo>

static Registered in_a("a");

static int hot(const Shape &shape) { return shape.sides() + 1; }

int main() {
    Square square;
    int sum = 0;
    for (int i = 0; i < 1500; ++i) {
        ++counter();
        sum += hot(square) + hot_in_b(square) + Family<int>::add(1);
    }
    std::printf("%d %d %d\n", sum, counter(), &counter() == counter_in_b());
    std::printf("%d %d\n", Family<int>::members, add_in_b() == &Family<int>::add);
    const Shape &shape = square_of_b();
    std::printf("%d %d\n", typeid(shape) == typeid(Square), dynamic_cast<const Square *>(&shape) != nullptr);
    for (auto &entry : log_of_both) std::printf("%s ", entry.c_str());
    std::printf("%d\n", registrations);
    return 34;
}
