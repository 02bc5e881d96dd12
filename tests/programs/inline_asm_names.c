// Inline assembly that names variables and functions in its text, where no operand tells of them.
#include <stdio.h>

int plain = 1;
int by_getter = 1;
static int by_operand = 1;

int *where(void) { return &by_getter; }

__attribute__((noinline)) static int read_all(void) { return plain + by_getter * 10 + by_operand * 100; }

__attribute__((noinline)) static void write_all(int value) {
#if defined(__x86_64__)
  int *to;
  __asm__ volatile("movl %0, plain(%%rip)" : : "r"(value) : "memory");
  __asm__ volatile("leaq -128(%%rsp), %%rsp\n\tcall where@PLT\n\tleaq 128(%%rsp), %%rsp"
                   : "=a"(to)
                   :
                   : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
  *to = value;
  __asm__ volatile("movl %1, %0" : "=m"(by_operand) : "r"(value));
#else
  plain = *where() = by_operand = value;
#endif
}

int main(void) {
  long sum = 0;
  for (int i = 1; i <= 8000; i++) {
    sum += read_all();
    if (i % 2000 == 0) {
      write_all(i / 1000);
      printf("%ld %d\n", sum, read_all());
    }
  }
  return 92;
}
