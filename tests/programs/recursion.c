/* Recursion: plain, mutual, deep, and with arrays in each frame. */
#include <stdio.h>

static int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

static int odd(unsigned n);
static int even(unsigned n) { return n == 0 ? 1 : odd(n - 1); }
static int odd(unsigned n) { return n == 0 ? 0 : even(n - 1); }

static int ackermann(int m, int n) {
    if (m == 0) return n + 1;
    return ackermann(m - 1, n == 0 ? 1 : ackermann(m, n - 1));
}

static long frames(int depth) {
    volatile char block[64];
    for (int i = 0; i < 64; ++i) block[i] = (char)(depth + i);
    return depth == 0 ? 0 : frames(depth - 1) + block[depth & 63];
}

static void hanoi(int n, int from, int to, int via, int *moves) {
    if (n == 0) return;
    hanoi(n - 1, from, via, to, moves);
    ++*moves;
    hanoi(n - 1, via, to, from, moves);
}

int main(void) {
    int moves = 0;
    hanoi(12, 0, 2, 1, &moves);
    printf("%d %d %d %ld %d\n", fib(20), even(5001), ackermann(2, 40), frames(5000), moves);
    return 8;
}
