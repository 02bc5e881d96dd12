/* flags: -fcommon
   Tentative, weak and strong definitions of three files: the strong one wins, then the largest tentative one, then the first weak one. */
#include "../check.h"

int tentative;
long tentative_and_strong;
char grows[4];
_Alignas(4) char aligned[8];
__attribute__((weak)) int weak_and_strong = 1;
__attribute__((weak)) int first_weak = 10;
__attribute__((weak)) int weak_and_tentative = 3;
__attribute__((weak)) int choose(void) { return 1; }
__attribute__((weak)) int choose_weak(void) { return 10; }
extern int nobody __attribute__((weak));
int only_weak_declared(void) __attribute__((weak));
__attribute__((weak)) int overridden_callee(int x) { return x; }
int calls_overridden(int x) { return overridden_callee(x); }

int b_sum(void);
void b_fill(void);
int *b_tentative(void);
void *c_addresses(int which);
int (*c_choose(void))(void);

int main(void) {
    long sum = 0;
    b_fill();
    for (int i = 0; i < 2500; ++i) {
        ++tentative;
        sum += b_sum() + choose() + 100 * choose_weak() + calls_overridden(i);
        CHECK(b_tentative() == &tentative && *b_tentative() == 2 * (i + 1));
        CHECK(c_addresses(0) == &tentative_and_strong && c_addresses(1) == &weak_and_strong && c_addresses(2) == &first_weak);
        CHECK(c_addresses(3) == &weak_and_tentative && c_addresses(4) == grows && c_addresses(5) == aligned);
        CHECK(choose == c_choose() && &nobody == NULL && only_weak_declared == NULL);
    }
    for (int i = 0; i < 100; ++i) CHECK(((char *)c_addresses(4))[i] == (char)i);
    CHECK((unsigned long)aligned % 64 == 0);
    printf("%ld %d %ld %d %d %d %d\n", sum, tentative, tentative_and_strong, weak_and_strong, first_weak, choose(), choose_weak());
    return 54;
}
