/* argc, argv with its null at the end, environ and getenv. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static unsigned hash(const char *text) {
    unsigned h = 2166136261u;
    for (; *text; ++text) h = (h ^ (unsigned char)*text) * 16777619u;
    return h;
}

int main(int argc, char **argv, char **envp) {
    unsigned h = 0;
    for (int round = 0; round < 300; ++round)
        for (int i = 1; i < argc; ++i) h += hash(argv[i]);
    for (int i = 1; i < argc; ++i) printf("[%s]", argv[i]);
    printf(" %d %u %d\n", argc, h, argv[argc] == NULL);
    const char *value = getenv("TJIT_TEST");
    printf("%s %d\n", value ? value : "unset", environ != NULL && envp != NULL);
    setenv("TJIT_SET", "by the program", 1);
    printf("%s\n", getenv("TJIT_SET"));
    return 40 + argc;
}
