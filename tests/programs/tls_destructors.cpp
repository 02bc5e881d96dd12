// When thread-locals are destroyed: at the end of each thread, also of a detached one, in the opposite order of construction,
// before keys' destructors and with the other thread-locals still there; those of main at exit, before statics.
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <pthread.h>
#include <string>
#include <thread>
#include <vector>

static std::mutex mutex;
static std::vector<std::string> lines;
static void say(const std::string &line) {
    std::lock_guard lock(mutex);
    lines.push_back(line);
}
static void flush() {
    std::lock_guard lock(mutex);
    for (auto &line : lines) std::puts(line.c_str());
    lines.clear();
}

struct Static {
    const char *name;
    ~Static() { std::printf("static %s ends\n", name); std::fflush(stdout); }
};
static Static first_static{"one"};

thread_local int plain = 5;
thread_local std::string name = "unnamed";

struct Traced {
    const char *what;
    explicit Traced(const char *what) : what(what) { say(name + " makes " + what); }
    ~Traced() {
        // A trivially destructible one, and one that was made before this.
        say(name + " loses " + what + ", " + std::to_string(++plain));
    }
};

struct Last {
    ~Last();
    int value = 1;
};
static thread_local Last last;

static void make_one() { static thread_local Traced traced("one"); }
static void make_two() { static thread_local Traced traced("two"); }

struct MakesMore {
    bool really = false;
    ~MakesMore() { if (really) make_two(); }
};
thread_local MakesMore more;

Last::~Last() {
    // In main after `main` has ended, where the lines have been written.
    say(name + " ends, " + std::to_string(plain) + " " + std::to_string(value));
    if (name == "main") flush();
}

// Made after thread-locals have been used, so that it is not the first key whose destructor is called.
static pthread_key_t key;
static void key_ends(void *value) { say("key of " + std::to_string((long)value) + " " + std::to_string(plain)); }

static void body(long number) {
    name = "thread " + std::to_string(number);
    plain += 10 * number;
    last.value += number;
    pthread_setspecific(key, (void *)(number + 1));
    make_one();
    if (number % 2) more.really = true;
}

static std::condition_variable ended;
static bool is_ended;
struct Signals {
    bool armed = false;
    ~Signals() {
        if (!armed) return;
        say("detached ends " + std::to_string(plain));
        std::lock_guard lock(mutex);
        is_ended = true;
        ended.notify_one();
    }
};

int main() {
    ++plain;
    pthread_key_create(&key, key_ends);
    for (long i = 0; i < 8; ++i) std::thread(body, i).join();
    flush();

    std::thread([] {
        static thread_local Signals signals;
        signals.armed = true;
        plain = 99;
    }).detach();
    {
        std::unique_lock lock(mutex);
        ended.wait(lock, [] { return is_ended; });
    }
    flush();

    std::vector<std::thread> threads;
    static int total = 0;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([] {
            struct Adds {
                int n = 0;
                ~Adds() { std::lock_guard lock(mutex); total += n; }
            };
            static thread_local Adds adds;
            for (int k = 0; k < 5000; ++k) ++adds.n;
        });
    for (auto &thread : threads) thread.join();
    std::printf("%d\n", total);

    name = "main";
    last.value = 40;
    make_two();
    static Static second_static{"two"};
    std::atexit([] { std::puts("atexit"); });
    std::exit(43);
}
