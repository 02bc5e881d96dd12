/* A native member, which calls back into bitcode. */
int second(int x);
int defined_here(int x);
int native_member(int x) { return second(x) - defined_here(x); }
int (*address_in_archive(void))(int) { return defined_here; }
