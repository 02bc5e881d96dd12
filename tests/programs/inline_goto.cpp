// Computed goto in inline functions and templates, whose tables of labels are shared between modules natively.
#include <cstdio>

inline int interpret(const char *code) {
  static const void *const labels[] = {&&add, &&twice, &&end};
  static int runs;
  int value = ++runs % 3;
next:
  goto *labels[*code++ - '0'];
add:
  value += 1;
  goto next;
twice:
  value = (value * 2) & 1023;
  goto next;
end:
  return value;
}

template <int K> int count(const char *code) {
  static const void *const labels[] = {&&some, &&none, &&end};
  int value = 0;
next:
  goto *labels[*code++ - '0'];
some:
  value += K;
  goto next;
none:
  value -= 1;
  goto next;
end:
  return value;
}

int main() {
  long sum = 0;
  for (int i = 0; i < 3000; i++)
    sum += interpret("0110102") + count<3>("0012") * count<5>("01102");
  std::printf("%ld\n", sum);
  return 122;
}
