// Initialisers of thread-locals: that throw and are tried again, that use other thread-locals, of references, constants, templates
// and over-aligned objects; each runs once in each thread that needs it.
#include <cstdio>
#include <map>
#include <memory>
#include <stdexcept>
#include <thread>

static int tries;

struct Throws {
    Throws() {
        if (++tries % 3) throw std::runtime_error("not yet");
    }
    int value = 9;
};

static Throws &eventually() {
    static thread_local Throws throws;
    return throws;
}

thread_local std::unique_ptr<std::map<int, int>> table = std::make_unique<std::map<int, int>>();
thread_local int &entry = (*table)[3];
const thread_local double number = 2.5 * (tries + 1);

struct alignas(128) Big {
    char bytes[500];
    Big() {
        for (auto &byte : bytes) byte = 1;
    }
};
thread_local Big big;
static thread_local int constant = 4;

template <class T> static T &slot() {
    thread_local T value{};
    return value;
}

static void run() {
    for (int i = 0; i < 7; ++i) {
        try {
            std::printf("%d\n", eventually().value);
        } catch (const std::runtime_error &error) {
            std::printf("%s\n", error.what());
        }
    }
    entry = 7;
    slot<int>() += 3;
    slot<double>() += .5;
    std::printf("%d %g %d %d %d %d %g\n", (*table)[3], number, static_cast<int>(reinterpret_cast<unsigned long>(&big) % 128),
                big.bytes[499], ++constant, slot<int>(), slot<double>());
}

int main() {
    run();
    for (int i = 0; i < 4; ++i) std::thread(run).join();
    run();
    return 48;
}
