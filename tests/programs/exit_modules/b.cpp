// See a.cpp.
#include "exit.h"
#include <cstdlib>

static Traced global("b global");
static thread_local Traced of_thread("b of thread");

static int hot() {
    thread_local int calls = 0;
    CHECK(of_thread.name[0] == 'b');
    return ++calls;
}

void in_b() {
    static Traced local("b local");
    int sum = 0;
    for (int i = 0; i < 800; ++i) sum += hot();
    std::printf("%d in %s\n", sum, thread_name);
}

void leave() {
    static Traced last("b last");
    std::atexit([] { in_b(); });
    std::exit(57);
}
