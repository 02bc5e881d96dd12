/* Assembly with local labels and data in a section of its own, memory operands, clobbered registers, goto with outputs, symbols of C,
   and in functions that are copied into several versions. */
#include "check.h"
#include <stdint.h>

static int shared = 5;
int exported = 7;
static int called(int x) { return x + shared; }

#if defined(__x86_64__)
static long loop_label(long n) {
    long sum = 0;
    __asm__ volatile("1: testq %1, %1\n\tjz 2f\n\taddq %1, %0\n\tdecq %1\n\tjmp 1b\n2:" : "+r"(sum), "+r"(n) : : "cc");
    return sum;
}
static long unique_label(long n) {
    __asm__ volatile("cmpq $10, %0\n\tjl .Lsmall%=\n\tsubq $10, %0\n.Lsmall%=:" : "+r"(n) : : "cc");
    return n;
}
static long clobbers(long a) {
    long kept1 = a * 3, kept2 = a * 5, kept3 = a * 7;
    __asm__ volatile("xorl %%ebx, %%ebx\n\txorl %%r12d, %%r12d\n\txorl %%r13d, %%r13d\n\txorl %%r14d, %%r14d" ::: "rbx", "r12", "r13", "r14",
                     "cc", "memory");
    return kept1 + kept2 + kept3;
}
static void bump(int *memory) { __asm__ volatile("lock; incl %0" : "+m"(*memory) : : "cc", "memory"); }
static int of_symbol(void) {
    int value;
    __asm__ volatile("movl %1, %0" : "=r"(value) : "m"(exported));
    return value;
}
static int in_section(void) {
    const char *text;
    __asm__("leaq 3f(%%rip), %0\n\t.pushsection .rodata.asm,\"a\",@progbits\n3:\t.asciz \"text of assembly\"\n\t.popsection" : "=r"(text));
    return text[8];
}
static int branch(unsigned x, unsigned *out) {
    unsigned y;
    __asm__ goto("movl %1, %0\n\tshrl $1, %0\n\tjc %l[odd]" : "=r"(y) : "r"(x) : "cc" : odd);
    *out = y;
    return 0;
odd:
    *out = y + 100;
    return 1;
}
static int call_from_assembly(int x) {
    int result;
    int (*function)(int) = called;
    __asm__ volatile("movq %%rsp, %%rbx\n\tsubq $128, %%rsp\n\tandq $-16, %%rsp\n\tcall *%1\n\tmovq %%rbx, %%rsp"
                     : "=a"(result), "+r"(function), "+D"(x)
                     :
                     : "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "cc", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
                       "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
    return result;
}
#else
static long loop_label(long n) { return n * (n + 1) / 2; }
static long unique_label(long n) { return n < 10 ? n : n - 10; }
static long clobbers(long a) { return a * 15; }
static void bump(int *memory) { __atomic_fetch_add(memory, 1, __ATOMIC_SEQ_CST); }
static int of_symbol(void) { return exported; }
static int in_section(void) { return 'a'; }
static int branch(unsigned x, unsigned *out) { *out = x / 2 + (x & 1) * 100; return x & 1; }
static int call_from_assembly(int x) { return called(x); }
#endif

int main(void) {
    long sum = 0;
    for (int i = 0; i < 3000; ++i) {
        unsigned out;
        sum += loop_label(i % 30) + unique_label(i % 20) + clobbers(i);
        CHECK(branch((unsigned)i, &out) == (i & 1) && out == (unsigned)(i / 2 + (i & 1) * 100));
        bump(&shared);
        bump(&exported);
        CHECK(shared == 5 + i + 1 && of_symbol() == 7 + i + 1 && in_section() == 'a');
        CHECK(call_from_assembly(i) == i + shared);
    }
    printf("%ld %d %d\n", sum, shared, exported);
    return 68;
}
