#include "log.h"
__attribute__((init_priority(200))) static Log early("second, 200");
static Log late("second");
__attribute__((constructor(150))) static void first_of_all() { std::puts("150"); }
int use_second() { return counter()++ + Registry<int>::hits++; }
