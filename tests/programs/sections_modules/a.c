/* Three files register things in one section; this one, without any of its own, walks it. See registry.h. */
#include <stdio.h>

#include "registry.h"

int main(void) {
    long sum = 0;
    for (int i = 0; i < 2000; ++i)
        for (entry *const *e = __start_registry; e < __stop_registry; ++e)
            sum += (*e)(i) + ++log_count;
    for (entry *const *e = __start_registry; e < __stop_registry; ++e)
        printf("%d\n", (*e)(0));
    printf("%ld %td %d\n", sum, __stop_registry - __start_registry, log_count);
    printf("%td\n", b_stop() - __start_registry);
    return 82;
}
