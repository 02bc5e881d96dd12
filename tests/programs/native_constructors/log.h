#pragma once
#include <cstdio>
struct Log {
    const char *name;
    explicit Log(const char *name) : name(name) { std::printf("+%s\n", name); }
    ~Log() { std::printf("-%s\n", name); }
};
inline Log of_all("inline variable");
inline int &counter() {
    static Log log("static of an inline function");
    static int count = 100;
    return count;
}
template <class T> struct Registry { static int hits; };
template <class T> int Registry<T>::hits = (std::puts("hits"), 7);
int use_first();
int use_second();
using Function = int &(*)();
Function first_function();
