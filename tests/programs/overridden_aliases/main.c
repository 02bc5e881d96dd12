// Aliases of weak definitions that another file's override: they go on to stand for the ones beside them.
#include <stdio.h>

__attribute__((weak)) int value = 1;
extern int own_value __attribute__((alias("value")));
__attribute__((weak)) int function(int x) { return x + value; }
int own_function(int) __attribute__((alias("function")));
__attribute__((weak)) int weak_function(int) __attribute__((alias("function")));

static int (*const table[])(int) = {function, own_function, weak_function};

int main(void) {
  long sum = 0;
  for (int i = 0; i < 3000; i++) {
    own_value++;
    value += 2;
    sum += function(i) * 3 + own_function(i) * 5 + weak_function(i) * 7 + table[i % 3](i);
  }
  printf("%ld %d %d\n", sum, own_value, value);
  printf("%d %d\n", table[0] == table[1], table[1] == table[2]);
  return 123;
}
