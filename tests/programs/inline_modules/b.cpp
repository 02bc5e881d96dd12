// See a.cpp.
#include "shared.h"

// By a call, so that the native optimiser can't compute it before the variables have their values.
static int from_b = std::abs(variable<int> + constant + std::atoi("0"));

Addresses in_b() { return addresses(); }
void count_in_b() {
    CHECK(from_b > 0);
    Counter<int>::next();
    *statics(0) += 2;
    ++*statics(1);
    registry["b"] = *statics(2);
}
