// What the files have under the same names in anonymous namespaces is different all the same.
#pragma once
#include "../check.h"
#include <typeinfo>

struct Base {
    virtual ~Base() = default;
    virtual int id() const { return 0; }
};

struct View {
    int *value;
    int (*function)(int);
    const std::type_info *type;
    const Base *object;
    const char *text;
    void (*thrower)();
};

View view_of_b();
bool caught_in_b(void (*)());
