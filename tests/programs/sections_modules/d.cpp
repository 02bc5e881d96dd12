// See a.c.
#include "registry.h"

// Of the same contents as in c.cpp.
inline int shared(int x) { return 7 - x; }
__attribute__((used, section("registry"))) inline entry *const entry_shared = shared;
