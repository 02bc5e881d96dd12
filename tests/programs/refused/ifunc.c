// A function that a resolver chooses: refused until ifuncs are supported.
static int one(void) { return 1; }
static int two(void) { return 2; }
static int (*resolve(void))(void) { return __builtin_cpu_supports("sse2") ? two : one; }
int chosen(void) __attribute__((ifunc("resolve")));

int main(void) { return 34 + chosen(); }
