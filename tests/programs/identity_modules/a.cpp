// Addresses of functions taken in two files, in tables, virtual tables, members, closures, and given to the C library and back.
#include "identity.h"
#include <csignal>
#include <cstring>
#include <map>
#include <set>

int external(int x) { return x + 1; }
static int hidden(int x) { return x * 2; }

static const Function table[5] = {external, in_line, generic<int>, Object::of_class, hidden};
static const Method methods[3] = {&Object::first, &Object::second, &Object::plain};
static Function variable = external;

static Function current(int which) {
    switch (which) {
    case 0: return external;
    case 1: return in_line;
    case 2: return generic<int>;
    default: return Object::of_class;
    }
}
static bool equals_hidden(Function f) { return f == hidden; }

static void *slot(Object *object, int which) {
    void **virtual_table;
    std::memcpy(&virtual_table, object, sizeof virtual_table);
    return virtual_table[2 + which];
}

static int signals;
static void handler(int) { ++signals; }
static void (*handler_again())(int) { return handler; }

int main() {
    long sum = 0;
    Object object;
    Function first[4];
    for (int i = 0; i < 4; ++i) first[i] = current(i);
    std::map<Function, int> calls;
    std::signal(SIGUSR1, handler);
    for (int i = 0; i < 2000; ++i) {
        const int k = i % 4;
        CHECK(current(k) == first[k] && table[k] == first[k] && table_of_b[k] == first[k] && pick(k) == first[k]);
        CHECK(identity_in_b(table[k]) == table[k] && identity_in_b(hidden) == hidden);
        CHECK(table[4] == hidden && table_of_b[4] != hidden && hidden_in_b(i, equals_hidden) == 0);
        sum += first[k](i) + table_of_b[k](i) + variable(i) + table_of_b[4](i);
        CHECK(variable == external && object.stored == in_line);
        const int m = i % 3;
        CHECK(methods[m] == methods_of_b[m] && pick_method(m) == methods[m]);
        sum += (object.*methods_of_b[m])(i);
        CHECK(slot(&object, 0) == slot_in_b(&object, 0) && slot(&object, 1) == slot_in_b(&object, 1));
        std::function<int(int)> function = pick(k);
        CHECK(*function.target<Function>() == current(k));
        ++calls[pick(k)];
        void (*old)(int) = std::signal(SIGUSR1, handler_again());
        CHECK(old == handler);
        std::raise(SIGUSR1);
    }
    CHECK(calls.size() == 4 && calls[external] == 500);
    struct sigaction action;
    CHECK(sigaction(SIGUSR1, nullptr, &action) == 0 && action.sa_handler == handler);
    std::set<Function> distinct(first, first + 4);
    std::printf("%ld %zu %d\n", sum, distinct.size(), signals);
    return 59;
}
