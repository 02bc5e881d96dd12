/* A second definition of what `second.c` defines is no error in a member that is not taken. */
int second(int x) { return -x; }
int only_here(int x) { return x; }
