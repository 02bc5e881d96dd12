// Constructors of three files: by priority first, then by file; destructors in the opposite order of construction.
#pragma once
#include "../check.h"

extern int step;

struct Traced {
    const char *name;
    explicit Traced(const char *name) : name(name) { std::printf("%d +%s\n", ++step, name); }
    ~Traced() { std::printf("%d -%s\n", ++step, name); }
};

inline Traced shared("shared");
template <class T> struct Lazy {
    static Traced traced;
};
template <class T> Traced Lazy<T>::traced("template");

Traced &in_b();
void exits_in_b();
