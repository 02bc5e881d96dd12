// Objects with constructors of their own, whose order is that of priorities, and then that of the linker's inputs; the statics
// of inline functions, inline variables and templates are one with those of bitcode, and so are addresses of functions.
#include "log.h"
__attribute__((init_priority(250))) static Log early("main, 250");
static Log late("main");
int main() {
    int sum = 0;
    for (int i = 0; i < 2000; ++i)
        sum = (sum * 3 + use_first() + use_second() + counter()) % 10007;
    std::printf("%d %d %d %d\n", sum, counter(), Registry<int>::hits, first_function() == counter);
    return 62;
}
