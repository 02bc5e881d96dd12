// Addresses and counts of inline things stay the same in three files, before and after promotion.
#include "shared.h"

int main() {
    const Addresses first = addresses();
    const int made_before = made;
    for (int i = 0; i < 1500; ++i) {
        const Addresses here = addresses(), b = in_b(), c = in_c();
        // The literal is each file's own, and stays where it was.
        for (int k = 0; k < 15; ++k) CHECK(here.all[k] == first.all[k] && b.all[k] == first.all[k] && c.all[k] == first.all[k]);
        CHECK(here.all[15] == first.all[15]);
        count_in_b();
        count_in_c();
        ++*statics(0);
    }
    CHECK(made == made_before);
    CHECK(*Counter<int>::next() == 1 + 1500 * 5 + 1);
    std::printf("%d %d %d %d %s %zu\n", made, *statics(0), *statics(1), *statics(2), Holder::name.c_str(), registry.size());
    std::printf("%d %d\n", Counter<int>::count, Counter<std::string>::count);
    return 52;
}
