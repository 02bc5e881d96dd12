// The bounds of a section that holds code: there is no such place, as each version of a function lies somewhere else.
__attribute__((section("code"))) int f(void) { return 1; }
extern char __start_code[], __stop_code[];
int main(void) { return f() + (__stop_code - __start_code > 0); }
