// Handlers and destructors of two files and two threads, in one list.
#pragma once
#include "../check.h"

struct Traced {
    const char *name;
    explicit Traced(const char *name) : name(name) { say("+"); }
    ~Traced() { say("-"); }
    void say(const char *what) const;
};
extern thread_local const char *thread_name;
void in_b();
void leave();
