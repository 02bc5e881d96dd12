#include "log.h"
__attribute__((init_priority(300))) static Log early("first, 300");
static Log late("first");
int use_first() { return counter()++ + Registry<int>::hits++; }
Function first_function() { return counter; }
