/* Frames: alloca, arrays of variable length, large and over-aligned frames, addresses of frames and of returns, noreturn, cleanup. */
#include "check.h"
#include <alloca.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

static int cleaned;
static void clean(int *value) { cleaned += *value; }
static void free_text(char **text) { free(*text); ++cleaned; }

static long variable(int n) {
    int values[n + 1][3];
    for (int i = 0; i <= n; ++i)
        for (int k = 0; k < 3; ++k) values[i][k] = i * k;
    long sum = (long)sizeof values;
    for (int i = 0; i <= n; ++i) sum += values[i][i % 3];
    return sum;
}
static long in_loop(int n) {
    char *last = NULL;
    long sum = 0;
    for (int i = 1; i < n; ++i) {
        char *block = alloca((size_t)i);
        memset(block, i, (size_t)i);
        CHECK(last == NULL || last[0] == (char)(i - 1));
        last = block;
        sum += block[i - 1];
    }
    return sum;
}
static long large(int i) {
    volatile char block[150000];
    for (unsigned k = 0; k < sizeof block; k += 4096) block[k] = (char)(i + k / 4096);
    return block[4096 * (i % 30)];
}
static long aligned(int i) {
    _Alignas(4096) volatile int page[2] = {i, 1};
    _Alignas(64) volatile char line = (char)i;
    CHECK((uintptr_t)page % 4096 == 0 && (uintptr_t)&line % 64 == 0);
    return page[0] + line;
}
static int with_cleanup(int i) {
    __attribute__((cleanup(clean))) int first = 1;
    __attribute__((cleanup(free_text))) char *text = malloc(10);
    if (i % 3 == 0) return i;
    for (int k = 0; k < 3; ++k) {
        __attribute__((cleanup(clean))) int each = 10;
        if (k == i % 4) break;
    }
    strcpy(text, "text");
    return first + text[0];
}

static __attribute__((noinline)) uintptr_t frame(void) { return (uintptr_t)__builtin_frame_address(0); }
static __attribute__((noinline)) void *where(void) { return __builtin_extract_return_addr(__builtin_return_address(0)); }
static __attribute__((noinline)) int returns_into_same_code(void) {
    int same = 0;
    void *last = NULL;
    for (int i = 0; i < 3; ++i) {
        void *now = where();
        same += now == last;
        last = now;
    }
    return same == 2;
}

static jmp_buf out;
static __attribute__((noreturn)) void leave(int i) { longjmp(out, i + 1); }
static int left(int i) {
    int code = setjmp(out);
    if (code) return code;
    leave(i);
}
static void *in_thread(void *argument) {
    long sum = 0;
    for (int i = 0; i < 500; ++i) sum += large(i) + aligned(i) + variable(i % 40);
    *(long *)argument = sum;
    return NULL;
}

int main(void) {
    long sum = 0, of_thread;
    char here;
    for (int i = 0; i < 1500; ++i) {
        sum += variable(i % 60) + in_loop(i % 90) + large(i) + aligned(i) + with_cleanup(i) + left(i);
        uintptr_t at = frame();
        CHECK(at < (uintptr_t)&here + 4096 && at > (uintptr_t)&here - 65536);
        CHECK(where() != NULL);
        sum += returns_into_same_code() > -1;
    }
    pthread_t thread;
    pthread_create(&thread, NULL, in_thread, &of_thread);
    pthread_join(thread, NULL);
    printf("%ld %d %ld\n", sum, cleaned, of_thread);
    return 72;
}
