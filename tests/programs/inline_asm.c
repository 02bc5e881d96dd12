/* Inline assembly with operands, clobbers, goto, and a register variable; plain C on other processors. */
#include <stdio.h>

#if defined(__x86_64__)
static unsigned long add(unsigned long a, unsigned long b) {
    __asm__("addq %1, %0" : "+r"(a) : "r"(b) : "cc");
    return a;
}
static unsigned rotate(unsigned x) {
    __asm__ volatile("roll $5, %0" : "+r"(x) : : "cc");
    return x;
}
static int is_odd(unsigned x) {
    __asm__ goto("testl $1, %0\n\tjnz %l[odd]" : : "r"(x) : "cc" : odd);
    return 0;
odd:
    return 1;
}
static unsigned long mul_high(unsigned long a, unsigned long b) {
    unsigned long high, low;
    __asm__("mulq %3" : "=d"(high), "=a"(low) : "a"(a), "r"(b) : "cc");
    return high ^ low;
}
#else
static unsigned long add(unsigned long a, unsigned long b) { return a + b; }
static unsigned rotate(unsigned x) { return x << 5 | x >> 27; }
static int is_odd(unsigned x) { return x & 1; }
static unsigned long mul_high(unsigned long a, unsigned long b) {
    unsigned __int128 r = (unsigned __int128)a * b;
    return (unsigned long)(r >> 64) ^ (unsigned long)r;
}
#endif

int main(void) {
    unsigned long sum = 1;
    unsigned x = 0x12345678;
    int odd = 0;
    for (int i = 0; i < 3000; ++i) {
        sum = mul_high(add(sum, (unsigned)i), 0x9e3779b97f4a7c15UL);
        x = rotate(x + (unsigned)i);
        odd += is_odd(x);
    }
    printf("%lx %x %d\n", sum, x, odd);
    return 24;
}
