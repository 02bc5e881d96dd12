// See a.c.
#include "registry.h"

namespace {
int third(int x) { return 3 * x; }
REGISTER(third);
} // namespace

// What two files have once.
inline int shared(int x) { return 7 - x; }
__attribute__((used, section("registry"))) inline entry *const entry_shared = shared;
