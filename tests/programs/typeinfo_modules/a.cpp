// Casts and catches of types of another file, also virtual bases, cross-casts, and rethrown, nested and stored exceptions.
#include "types.h"
#include <thread>

static int casts(const Root *root) {
    int result = root->id();
    if (dynamic_cast<const Left *>(root)) result += 1000;
    if (auto *right = dynamic_cast<const Right *>(root)) result += 2000 + right->root;
    if (auto *side = dynamic_cast<const Side *>(root)) { // From a virtual base across to a sibling, and back.
        CHECK(dynamic_cast<const Root *>(side) == root);
        CHECK(dynamic_cast<const void *>(side) == dynamic_cast<const void *>(root));
        result += side->side();
    }
    if (dynamic_cast<const Boxed<int> *>(root)) result += 4000;
    if (dynamic_cast<const Boxed<long> *>(root)) result += 8000;
    return result;
}

static void fail_here(int kind) {
    if (kind == 0) throw Wrapped<int>(5);
    if (kind == 1) throw Wrapped<long>(6);
    if (kind == 2) throw static_cast<const Root *>(make(2));
    throw Failure(kind);
}

static int caught(int kind) {
    try {
        fail(kind);
    } catch (const Wrapped<int> &wrapped) {
        return wrapped.payload;
    } catch (const Wrapped<long> &wrapped) {
        return 10 + static_cast<int>(wrapped.payload);
    } catch (const Side &side) {
        return side.side();
    } catch (const std::exception &failure) {
        return failure.what()[0];
    } catch (const Root *root) {
        return root->id();
    }
    return -1;
}

static int rethrown(std::exception_ptr exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const Failure &failure) {
        try {
            std::throw_with_nested(Wrapped<char>('n'));
        } catch (const Wrapped<char> &outer) {
            try {
                std::rethrow_if_nested(outer);
            } catch (const Failure &inner) {
                CHECK(&inner == &failure);
                return inner.code;
            }
        }
    }
    return -1;
}

int main() {
    long sum = 0;
    for (int i = 0; i < 1500; ++i) {
        for (int kind = 0; kind < 5; ++kind) {
            const Root *root = make(kind);
            sum = (sum * 7 + casts(root)) % 1000003;
            CHECK(typeid(*root) == type_in_b(kind) && &typeid(*root) == &type_in_b(kind));
            delete root;
        }
        sum += catches(fail_here, i % 4);
        if (i % 3 == 0) sum += caught(i % 5) + rethrown(kept(i));
    }
    std::exception_ptr from_thread;
    std::thread([&] { try { fail(0); } catch (...) { from_thread = std::current_exception(); } }).join();
    std::printf("%ld %d %d\n", sum, rethrown(from_thread), catches(fail, 0));
    return 58;
}
