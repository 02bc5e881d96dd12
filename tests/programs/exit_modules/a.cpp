// Destructors of thread-locals end with their thread, those of the main one before statics; handlers run between, last first.
#include "exit.h"
#include <cstdlib>
#include <thread>

extern "C" int __cxa_atexit(void (*)(void *), void *, void *);
extern "C" int __cxa_thread_atexit(void (*)(void *), void *, void *);
extern "C" void *__dso_handle;

thread_local const char *thread_name = "main";
void Traced::say(const char *what) const { std::printf("%s%s in %s\n", what, name, thread_name); }

static Traced global("a global");
static thread_local Traced of_thread("a of thread");

static int hot(int i) {
    static int calls = 0;
    return ++calls + (of_thread.name[0] == 'a') + i;
}

static void with_argument(void *argument) { std::printf("with argument %s\n", static_cast<const char *>(argument)); }

static void body(const char *name) {
    thread_name = name;
    __cxa_thread_atexit(with_argument, const_cast<char *>(name), &__dso_handle);
    in_b();
    for (int i = 0; i < 600; ++i) hot(i);
}

int main() {
    static char first[] = "first", second[] = "second";
    __cxa_atexit(with_argument, first, &__dso_handle);
    std::thread(body, "thread 1").join();
    static Traced local("a local");
    std::thread(body, "thread 2").join();
    body("main");
    __cxa_atexit(with_argument, second, &__dso_handle);
    std::atexit([] { std::printf("atexit of a, %d\n", hot(0)); });
    leave();
}
