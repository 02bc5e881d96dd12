// Thread-locals of two files: `extern`, inline, of templates and of classes are one variable each; the static ones of
// one name are two.
#include "shared.h"

#include <thread>

thread_local int plain = 1;
thread_local std::string dynamic = std::string("dyn") + "amic";
thread_local int Member::number = 77;
static thread_local int own = 1;

static void check(const char *who) {
    ++plain;
    ++own;
    dynamic += "!";
    ++of_header;
    text_of_header += who;
    ++Counted<long>::count;
    Counted<std::string>::value += who;
    ++Member::number;
    Member::name += who;
    ++local_of_inline();
    touch_in_b();
    std::printf("%s: %d %d %s %d %s %d %s %d %s %d\n", who, plain, own, dynamic.c_str(), of_header, text_of_header.c_str(),
                Counted<long>::count, Counted<std::string>::value.c_str(), Member::number, Member::name.c_str(), local_of_inline());
    std::printf("%d%d%d%d%d%d\n", &plain == plain_in_b(), &of_header == of_header_in_b(), &local_of_inline() == local_in_b(),
                &Counted<long>::count == count_in_b(), &dynamic == dynamic_in_b(), &Member::name == member_in_b());
}

int main() {
    for (int i = 0; i < 100; ++i) touch_in_b();
    check("main");
    std::thread([] { check("first"); }).join();
    std::thread([] { check("second"); check("again"); }).join();
    check("main");
    return 42;
}
