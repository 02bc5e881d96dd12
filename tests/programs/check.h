/* How a program finds fault with itself: it says where, and ends with 1. */
#ifndef CHECK_H
#define CHECK_H

#ifdef __cplusplus
#include <cstdio>
#include <cstdlib>
#else
#include <stdio.h>
#include <stdlib.h>
#endif

#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))

__attribute__((noinline, unused)) static void check_failed(const char *file, int line, const char *condition) {
    const char *name = file;
    for (const char *c = file; *c; ++c)
        if (*c == '/') name = c + 1;
    printf("%s:%d: not %s\n", name, line, condition);
    fflush(stdout);
    _Exit(1);
}

#endif
