/* Constructors get what main gets; constructors and destructors run once, by priority, with functions that are hot by then. */
#include "check.h"
#include <string.h>

extern char **environ;
static char **seen_argv;
static int seen_argc, order, calls;

static int hot(int x) { return ++calls + x; }

__attribute__((constructor(200))) static void second(int argc, char **argv, char **envp) {
    CHECK(order++ == 1 && argc == seen_argc && argv == seen_argv && envp == environ);
    for (int i = 0; i < 1200; ++i) hot(i);
}
__attribute__((constructor(101))) static void first(int argc, char **argv, char **envp) {
    CHECK(order++ == 0 && argc > 0 && argv[argc] == NULL && envp != NULL);
    seen_argc = argc;
    seen_argv = argv;
}
__attribute__((constructor)) static void third(void) { CHECK(order++ == 2); }
__attribute__((destructor)) static void ends(void) { printf("ends %d\n", hot(0)); }
__attribute__((destructor(200))) static void ends_later(void) { printf("ends later %d\n", hot(0)); }

int main(int argc, char **argv) {
    CHECK(order == 3 && argc == seen_argc && argv == seen_argv);
    for (int i = 0; i < 1200; ++i) hot(i);
    printf("%d %d %s\n", calls, argc, argc > 1 ? argv[1] : "");
    return 73;
}
