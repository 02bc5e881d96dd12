// The address of a function is one address, whoever takes it and whatever version runs.
#include <cstdio>
#include <cstdlib>

extern "C" int plain(int x) { return x + 1; }
static int hidden(int x) { return x + 2; }
inline int shared(int x) { return x + 3; }
template <class T> int generic(T x) { return static_cast<int>(x) + 4; }

using Function = int (*)(int);
static const Function table[] = {plain, hidden, shared, generic<int>};
static Function chosen = hidden;

struct S {
    explicit S(int n) : n(n) {}
    int n;
    int method(int x) { return x * n; }
    virtual int virt(int x) { return x - n; }
};

static Function find(const char *name) { return name[0] == 'p' ? plain : hidden; }

static int compare(const void *a, const void *b) { return *static_cast<const int *>(a) - *static_cast<const int *>(b); }

int main() {
    Function before[4] = {plain, hidden, shared, generic<int>};
    long sum = 0;
    for (int i = 0; i < 3000; ++i) sum += table[i % 4](i);
    bool same = true;
    for (int i = 0; i < 4; ++i) same = same && before[i] == table[i];
    same = same && find("plain") == plain && find("hidden") == chosen && &plain != &hidden;

    int (S::*method)(int) = &S::method;
    int (S::*virt)(int) = &S::virt;
    S s{7};
    for (int i = 0; i < 1500; ++i) sum += (s.*method)(i) + (s.*virt)(i);
    same = same && method == &S::method && virt == &S::virt;

    int values[100];
    for (int round = 0; round < 10; ++round) {
        for (int i = 0; i < 100; ++i) values[i] = (i * 37 + round) % 100;
        std::qsort(values, 100, sizeof values[0], compare);
    }
    std::printf("%ld %d %d %d\n", sum, same, values[0], values[99]);
    return same ? 9 : 1;
}
