// The other file, see a.cpp.
#include "shared.h"

static thread_local int own = 50;

int *plain_in_b() { return &plain; }
int *of_header_in_b() { return &of_header; }
int *local_in_b() { return &local_of_inline(); }
int *count_in_b() { return &Counted<long>::count; }
std::string *dynamic_in_b() { return &dynamic; }
std::string *member_in_b() { return &Member::name; }

void touch_in_b() {
    ++own;
    plain += own - own + 1;
    dynamic += "?";
    if (dynamic.size() > 20) dynamic.resize(8);
    Counted<long>::count += 2;
    Counted<std::string>::value = "b";
    ++local_of_inline();
}
