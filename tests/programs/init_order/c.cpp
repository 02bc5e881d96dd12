// See order.h.
#include "order.h"

__attribute__((init_priority(200))) Traced c_early("c 200");
__attribute__((init_priority(150))) Traced c_earliest("c 150");
static Traced plain("c plain");
static int computed = ++step;
__attribute__((destructor(400))) static void ends() { std::printf("%d c destructor 400, %d\n", ++step, computed); }
