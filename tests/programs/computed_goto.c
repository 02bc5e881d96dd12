/* A byte-code interpreter with labels as values: a table of labels that does not leave the function. */
#include <stdio.h>

enum { ADD, SUB, DOUBLE, LOOP, HALT };

static long run(const unsigned char *code, long rounds) {
    static const void *const labels[] = {&&add, &&sub, &&twice, &&loop, &&halt};
    const unsigned char *pc = code;
    long acc = 1;
    goto *labels[*pc++];
add:
    acc += *pc++;
    goto *labels[*pc++];
sub:
    acc -= *pc++;
    goto *labels[*pc++];
twice:
    acc = acc * 2 % 1000003;
    goto *labels[*pc++];
loop:
    if (--rounds > 0) pc = code;
    goto *labels[*pc++];
halt:
    return acc;
}

int main(void) {
    static const unsigned char code[] = {ADD, 5, DOUBLE, SUB, 3, LOOP, HALT};
    long sum = 0;
    for (int i = 0; i < 300; ++i) sum += run(code, i);
    printf("%ld\n", sum);
    return 14;
}
