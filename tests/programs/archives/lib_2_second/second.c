/* flags: -fcommon
   Of the second archive; the same name is in a later member, which is not taken. */
#include <stdio.h>
int call_back(int (*function)(int), int x) { return function(x) + 1; }
int second(int x) { return x * 3 % 1000; }
int common_variable;
__attribute__((constructor)) static void tell(void) { puts("constructor of a member that is wanted"); }
