// See a.cpp.
#include "identity.h"
#include <cstring>

int Object::second(int x) { return x + 7; }
static int hidden(int x) { return x * 2; }

const Function table_of_b[5] = {external, in_line, generic<int>, Object::of_class, hidden};
const Method methods_of_b[3] = {&Object::first, &Object::second, &Object::plain};

extern "C" Function identity_in_b(Function f) { return f; }
Function pick(int which) {
    return which == 0 ? external : which == 1 ? in_line : which == 2 ? static_cast<Function>(generic<int>) : Object::of_class;
}
Method pick_method(int which) { return which == 0 ? &Object::first : which == 1 ? &Object::second : &Object::plain; }
int hidden_in_b(int x, bool (*equal)(Function)) { return equal(hidden) ? x : 0; }
void *slot_in_b(Object *object, int which) {
    void **virtual_table;
    std::memcpy(&virtual_table, object, sizeof virtual_table);
    return virtual_table[2 + which];
}
