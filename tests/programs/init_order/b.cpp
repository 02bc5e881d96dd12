// See order.h.
#include "order.h"
#include <cstdlib>

static Traced plain("b plain");
__attribute__((init_priority(1001))) Traced b_late("b 1001");
__attribute__((init_priority(200))) Traced b_early("b 200");
__attribute__((constructor(499))) static void function() { std::printf("%d b constructor 499\n", ++step); }
__attribute__((destructor(300))) static void ends_300() { std::printf("%d b destructor 300\n", ++step); }
__attribute__((destructor)) static void ends() { std::printf("%d b destructor\n", ++step); }
static Traced *const of_template = &Lazy<int>::traced;

Traced &in_b() {
    static Traced local("b local");
    CHECK(of_template->name[0] == 't');
    return local;
}

// A handler that registers another one while handlers run.
void exits_in_b() {
    std::atexit([] {
        std::printf("%d b atexit\n", ++step);
        std::atexit([] { std::printf("%d b atexit of an atexit\n", ++step); });
        static Traced made_at_exit("made at exit");
    });
}
