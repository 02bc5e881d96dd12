// Constructors and destructors of globals, by declaration order and by priority, with atexit handlers between.
#include <cstdio>
#include <cstdlib>

struct Global {
    const char *name;
    explicit Global(const char *n) : name(n) { std::printf("+%s\n", name); }
    ~Global() { std::printf("-%s\n", name); }
};

static Global a("a");
Global b("b");
__attribute__((init_priority(300))) Global early("early");
__attribute__((init_priority(200))) Global earliest("earliest");
template <class T> struct Holder { static Global instance; };
template <class T> Global Holder<T>::instance("holder");
inline Global in_line("inline");

__attribute__((constructor)) static void plain() { std::puts("constructor"); }
__attribute__((constructor(150))) static void numbered() { std::puts("constructor 150"); }
__attribute__((destructor)) static void last() { std::puts("destructor"); }
__attribute__((destructor(150))) static void very_last() { std::puts("destructor 150"); }

static int computed = std::printf("computed\n");

static Global &local() {
    static Global g("local");
    return g;
}

int main() {
    std::atexit([] { std::puts("atexit 1"); });
    int n = 0;
    for (int i = 0; i < 1500; ++i) n += local().name[0] == 'l';
    std::atexit([] { std::puts("atexit 2"); });
    std::printf("main %d %d %s\n", n, computed, Holder<int>::instance.name);
    return 16;
}
