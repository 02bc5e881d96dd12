// Functions that a resolver chooses: global, local, weak, by another name of the resolver, in tables, by pointer, and those that
// clang makes of one function for several processors.
#include <stdio.h>

typedef int (*function)(int);

static int resolved;

static int one(int x) { return x + 1; }
static int two(int x) { return x + 2; }

static function resolve(void) {
  __builtin_cpu_init();
  resolved++;
  return __builtin_cpu_supports("sse2") ? two : one;
}

int chosen(int) __attribute__((ifunc("resolve")));
static int local(int) __attribute__((ifunc("resolve")));
__attribute__((weak)) int weak_one(int) __attribute__((ifunc("resolve")));
int also_chosen(int) __attribute__((alias("chosen")));

static const function table[] = {chosen, local, weak_one, also_chosen};

__attribute__((target_clones("default", "sse4.2", "avx2"))) int cloned(const int *values, int count) {
  int sum = 0;
  for (int i = 0; i < count; i++)
    sum += values[i] * i;
  return sum;
}

__attribute__((constructor)) static void early(void) { printf("resolved before constructors: %d\n", resolved > 0); }

int main(void) {
  int values[64], sum = 0;
  for (int i = 0; i < 64; i++)
    values[i] = i ^ 21;
  for (int round = 0; round < 20000; round++) {
    sum += chosen(round) + local(round) - weak_one(round);
    sum += table[round % 4](round);
    sum ^= cloned(values, 64);
  }
  printf("%d %d\n", sum, cloned(values, 7));
  printf("%d %d\n", table[0] == chosen, table[3] == also_chosen);
  return 121;
}
