/* Constants: tables in read-only data, string literals that are one, tables of pointers to other data. */
#include <stdio.h>
#include <string.h>

static const unsigned short primes[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29};
static const char *const names[] = {"red", "green", "blue"};
static int red = 1, green = 2, blue = 3;
static int *const values[] = {&red, &green, &blue};
static const struct entry { const char *name; int *value; const unsigned short *prime; } entries[] = {
    {"red", &red, &primes[3]}, {"green", &green, &primes[4]}, {"blue", &blue, primes + 5}};
const double weights[3] = {0.25, 0.5, 0.25};

static const char *greeting(void) { return "hello"; }
static const int *compound(void) { static const int v[] = {4, 5, 6}; return v; }

static double weigh(int i) {
    const struct entry *e = &entries[i % 3];
    ++*e->value;
    return weights[i % 3] * *e->prime + *values[i % 3];
}

int main(void) {
    const char *first = greeting();
    const int *address = compound();
    double total = 0;
    for (int i = 0; i < 3000; ++i) {
        total += weigh(i) + primes[i % 10];
        if (greeting() != first || compound() != address) return 1;
    }
    printf("%.2f %d %d %d %s %s %d\n", total, red, green, blue, names[1], first, compound()[2]);
    return 23;
}
