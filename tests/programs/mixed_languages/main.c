/* C calls C++ and passes it a callback; an exception does not leave the C++ part. */
#include <stdio.h>

int sum_of_parsed(const char *const *texts, int count, int (*each)(int));

static int calls;
static int half(int x) {
    ++calls;
    return x / 2;
}

int main(void) {
    const char *texts[] = {"12", "x", "30", "", "7"};
    long total = 0;
    for (int i = 0; i < 600; ++i) total += sum_of_parsed(texts, 5, half);
    printf("%ld %d\n", total, calls);
    return 35;
}
