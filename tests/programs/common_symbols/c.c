/* flags: -fcommon
   See a.c. */
int tentative;
long tentative_and_strong;
char grows[50];
_Alignas(16) char aligned[3];
__attribute__((weak)) int weak_and_strong = 3;
__attribute__((weak)) int first_weak = 30;
extern int weak_and_tentative;
__attribute__((weak)) int choose(void) { return 3; }
__attribute__((weak)) int overridden_callee(int x) { return 4 * x; }

void *c_addresses(int which) {
    void *all[] = {&tentative_and_strong, &weak_and_strong, &first_weak, &weak_and_tentative, grows, aligned};
    return all[which];
}
int (*c_choose(void))(void) { return choose; }
