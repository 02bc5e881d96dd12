/* flags: -fcommon
   Members of archives are taken when something they define is wanted and nobody else defines it, in the order of a linker: those of
   an archive may want each other and, through the last archive, nothing of an earlier one that is not there yet. */
#include "../check.h"

int first(int x);
int native_member(int x);
int second(int x);
int counted(void);
int common_variable;
int defined_here(int x) { return x + 1; }
__attribute__((weak)) int weak_here(int x) { return x + 2; }
extern int weak_reference(int x) __attribute__((weak));
int (*address_in_archive(void))(int);

static int callback(int x) { return x ^ 3; }
int call_back(int (*function)(int), int x);

int main(void) {
    long sum = 0;
    for (int i = 0; i < 2000; ++i) {
        sum += first(i) + native_member(i) + second(i) + weak_here(i) + defined_here(i) + call_back(callback, i);
        CHECK(address_in_archive() == defined_here && weak_reference == NULL);
        ++common_variable;
    }
    printf("%ld %d %d\n", sum, counted(), common_variable);
    return 84;
}
