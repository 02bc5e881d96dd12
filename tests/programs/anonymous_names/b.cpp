// See a.cpp.
#include "names.h"
#define START 5000
#define NAME "b"
#include "body.inc"

View view_of_b() {
    CHECK(is_mine(&object));
    return view();
}
bool caught_in_b(void (*what)()) { return caught(what); }
