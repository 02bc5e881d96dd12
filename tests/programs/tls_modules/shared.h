// What both files see: one variable per thread of each, whichever file defines it.
#pragma once
#include <cstdio>
#include <string>

extern thread_local int plain;               // Constant-initialised in a.cpp.
extern thread_local std::string dynamic;     // With a constructor and a destructor, in a.cpp.

inline thread_local int of_header = 10;
inline thread_local std::string text_of_header = "header";

template <typename T> struct Counted {
    static thread_local int count;
    static thread_local T value;
};
template <typename T> thread_local int Counted<T>::count = 3;
template <typename T> thread_local T Counted<T>::value{};

struct Member {
    static thread_local int number;
    static inline thread_local std::string name = "member";
};

inline int &local_of_inline() {
    static thread_local int local = [] { return 1000; }();
    return local;
}

int *plain_in_b();
int *of_header_in_b();
int *local_in_b();
int *count_in_b();
std::string *dynamic_in_b();
std::string *member_in_b();
void touch_in_b();
