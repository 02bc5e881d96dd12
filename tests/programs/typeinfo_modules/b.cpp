// See a.cpp.
#include "types.h"

int Both::id() const { return 4; }

const Root *make(int kind) {
    switch (kind) {
    case 0: return new Root;
    case 1: return new Left;
    case 2: return new Both;
    case 3: return new Boxed<int>(5);
    default: return new Boxed<long>(6);
    }
}
const std::type_info &type_in_b(int kind) {
    switch (kind) {
    case 0: return typeid(Root);
    case 1: return typeid(Left);
    case 2: return typeid(Both);
    case 3: return typeid(Boxed<int>);
    default: return typeid(Boxed<long>);
    }
}
void fail(int kind) {
    switch (kind) {
    case 0: throw Wrapped<int>(50);
    case 1: throw Wrapped<long>(60);
    case 2: throw Both();
    case 3: throw Failure(3);
    default: throw static_cast<const Root *>(new Left);
    }
}
int catches(void (*thrower)(int), int kind) {
    try {
        thrower(kind);
    } catch (const Wrapped<int> &wrapped) {
        return wrapped.payload;
    } catch (const Wrapped<long> &wrapped) {
        return 10 * static_cast<int>(wrapped.payload);
    } catch (const Failure &failure) {
        return 100 * failure.code;
    } catch (const Root *root) {
        int id = root->id();
        delete root;
        return 1000 * id;
    }
    return -1;
}
std::exception_ptr kept(int code) { return std::make_exception_ptr(Failure(code)); }
