/* flags: -fcommon
   See a.c. */
int tentative;
long tentative_and_strong = 77;
char grows[100];
_Alignas(64) char aligned[8];
int weak_and_strong = 2;
__attribute__((weak)) int first_weak = 20;
int choose(void) { return 2; }
__attribute__((weak)) int choose_weak(void) { return 20; }
int overridden_callee(int x) { return 3 * x; }

int *b_tentative(void) { return &tentative; }
int b_sum(void) { return ++tentative + (int)tentative_and_strong + weak_and_strong + first_weak; }
void b_fill(void) {
    for (int i = 0; i < 100; ++i) grows[i] = (char)i;
}
