// See a.cpp.
#include "shared.h"

static long from_c = std::labs(variable<long> + constant + std::atoi("0"));

Addresses in_c() { return addresses(); }
void count_in_c() {
    CHECK(from_c > 0);
    Counter<int>::next();
    *statics(0) += 3;
    ++*statics(2);
    registry["c"] = *statics(1);
}
