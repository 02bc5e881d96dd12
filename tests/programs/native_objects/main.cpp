// Half of a program in bitcode and half in a native object: calls, addresses, types and exceptions in both directions.
#include "shared.h"

int variable_here = 5;
Function table_here[2] = {here, there};
int here(int x) {
    static int calls = 0;
    return x + ++calls % 2;
}
void throw_here(int code) { throw Failure(code); }
extern "C" int weak_in_object(int x) { return x + 1000; }

static int hidden(int x) { return x - 1; }

static long round(int i) {
    long sum = there(i) + here(i) + table_there[i % 3](i) + table_here[i % 2](i);
    for (int k = 0; k < 2; ++k) CHECK(function_there(k) == table_here[k] && table_there[k] == table_here[k]);
    CHECK(function_there(2) == weak_in_object && weak_in_object(i) == i + 1000);
    CHECK(static_there() == inline_static());
    ++*inline_static();
    variable_there += 2;
    Leaf<int> leaf(i % 10);
    sum += native_round(&leaf, 3);
    Base *made = make_there(i % 3);
    sum += made->value();
    CHECK((dynamic_cast<Leaf<int> *>(made) != nullptr) == (i % 3 == 1) && (typeid(*made) == type_there()) == (i % 3 == 1));
    delete made;
    return sum;
}
static long exceptions(int i) {
    long sum = catch_there(throw_here, i) + catch_there([](int code) { throw std::out_of_range(std::to_string(code)); }, i);
    try {
        throw_there(i);
    } catch (const Failure &failure) {
        sum += failure.code;
    } catch (const Leaf<int> &leaf) {
        sum += leaf.value();
    }
    return sum;
}

int main() {
    long sum = hidden(1);
    for (int i = 0; i < 1500; ++i) sum += round(i) + exceptions(i);
    std::printf("%ld %d %d %d %d\n", sum, variable_here, variable_there, *inline_static(), inline_count);
    return 83;
}
