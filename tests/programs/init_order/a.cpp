// See order.h.
#include "order.h"
#include <cstdlib>

int step = 0;
static Traced plain("a plain");
__attribute__((init_priority(1000))) Traced a_middle("a 1000");
__attribute__((init_priority(200))) Traced a_early("a 200");
__attribute__((constructor(500))) static void function() { std::printf("%d a constructor 500\n", ++step); }
__attribute__((constructor)) static void last_function() { std::printf("%d a constructor\n", ++step); }
__attribute__((destructor)) static void ends() { std::printf("%d a destructor\n", ++step); }
__attribute__((destructor(300))) static void ends_300() { std::printf("%d a destructor 300\n", ++step); }
static Traced *const of_template = &Lazy<int>::traced;

int main() {
    std::printf("main after %d\n", step);
    std::atexit([] { std::printf("%d a atexit, %s\n", ++step, in_b().name); });
    exits_in_b();
    static Traced local("a local");
    for (int i = 0; i < 1500; ++i) CHECK(in_b().name[0] == 'b' && of_template == &Lazy<int>::traced && local.name[0] == 'a');
    return 55;
}
