// The other half of `a.cpp`.
#include "shared.h"

static Registered in_b("b");
static Square square;

static int hot(const Shape &shape) { return shape.sides() + 2; }

int *counter_in_b() {
    ++counter();
    return &counter();
}
int (*add_in_b())(int) { return &Family<int>::add; }
int hot_in_b(const Shape &shape) { return hot(shape) + Family<int>::add(1); }
const Shape &square_of_b() { return square; }
