// What three files share: of each inline thing there is one, whichever file uses it first.
#pragma once
#include "../check.h"
#include <map>
#include <string>

inline int made = 0;
inline std::map<std::string, int> registry = {{"start", ++made}};
inline const int constant = 10 + ++made;
template <class T> inline T variable = T(++made);

struct Holder {
    static inline std::string name = "holder" + std::to_string(++made);
    static inline const int numbers[4] = {1, 2, 3, 4};
};

// A local class with a static member function that has a static, a lambda with one, and a static of the function.
inline int *statics(int which) {
    struct Local {
        static int *own() {
            static int value = 100;
            return &value;
        }
    };
    static auto lambda = [] {
        static int value = 200;
        return &value;
    };
    static int value = 300;
    return which == 0 ? Local::own() : which == 1 ? lambda() : &value;
}

template <class T> struct Counter {
    static int count;
    static int *next() {
        static int calls = 0;
        ++calls;
        ++count;
        return &calls;
    }
    virtual int *virt() {
        static int value = 5;
        return &value;
    }
    virtual ~Counter() = default;
};
template <class T> int Counter<T>::count = 0;

struct Addresses {
    const void *all[16];
};
inline Addresses addresses() {
    Counter<int> of_int;
    Counter<std::string> of_string;
    return {{&registry, &constant, &variable<int>, &variable<long>, &Holder::name, Holder::numbers, statics(0), statics(1), statics(2),
             Counter<int>::next(), Counter<std::string>::next(), of_int.virt(), of_string.virt(), &Counter<int>::count,
             reinterpret_cast<const void *>(&addresses), "literal of an inline function"}};
}

Addresses in_b();
Addresses in_c();
void count_in_b();
void count_in_c();
