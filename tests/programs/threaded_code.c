/* An interpreter whose code holds addresses of labels: the table leaves the function at its first call and is used by later ones. */
#include "check.h"
#include <string.h>

enum { PUSH, ADD, MUL, DUP, SWAP, JUMP_IF, DEC, HALT, COUNT };

static void *labels[COUNT];

static long execute(void **code, long argument) {
    long stack[16], *top = stack;
    void **pc = code;
    if (code == NULL) {
        void *const all[COUNT] = {&&push, &&add, &&mul, &&dup, &&swap, &&jump_if, &&dec, &&halt};
        memcpy(labels, all, sizeof labels);
        return 0;
    }
    *top = argument;
    goto **pc;
push:
    *++top = (long)pc[1];
    pc += 2;
    goto **pc;
add:
    --top;
    top[0] += top[1];
    goto **++pc;
mul:
    --top;
    top[0] = top[0] * top[1] % 1000003;
    goto **++pc;
dup:
    top[1] = top[0];
    ++top;
    goto **++pc;
swap: {
    long kept = top[0];
    top[0] = top[-1];
    top[-1] = kept;
    goto **++pc;
}
dec:
    --top[0];
    goto **++pc;
jump_if:
    pc = top[0] ? code + (long)pc[1] : pc + 2;
    goto **pc;
halt:
    return top[-1];
}

/* Labels of a function that is compiled again: differences of them, which are the same whoever computes them. */
static int by_offsets(int what) {
    static const int offsets[] = {&&zero - &&zero, &&one - &&zero, &&two - &&zero};
    goto *(&&zero + offsets[what % 3]);
zero:
    return 10;
one:
    return 20;
two:
    return 30;
}

int main(void) {
    execute(NULL, 0);
    void *const *before = memcpy(malloc(sizeof labels), labels, sizeof labels);
    /* acc = 1; n = argument; do acc = acc * 31 + 7 while (--n); with acc below n on the stack */
    void *code[] = {labels[PUSH], (void *)1, labels[SWAP], labels[SWAP], labels[PUSH], (void *)31, labels[MUL], labels[PUSH], (void *)7,
                    labels[ADD], labels[SWAP], labels[DEC], labels[JUMP_IF], (void *)3, labels[HALT]};
    long sum = 0;
    for (int i = 1; i < 1500; ++i) {
        sum += execute(code, i % 40 + 1) + by_offsets(i);
        if (i % 500 == 0) {
            execute(NULL, 0);
            CHECK(memcmp(before, labels, sizeof labels) == 0);
        }
    }
    printf("%ld\n", sum);
    return 60;
}
