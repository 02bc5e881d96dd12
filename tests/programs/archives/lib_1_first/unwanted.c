/* Never taken: what it defines is defined by main.c already or only referred to weakly. Its constructor would tell. */
#include <stdio.h>
int defined_here(int x) { return -x; }
int weak_here(int x) { return -x; }
int weak_reference(int x) { return -x; }
__attribute__((constructor)) static void tell(void) { puts("never: constructor of a member that nobody wants"); }
