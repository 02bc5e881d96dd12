// A shared library's types, exceptions, variables, thread-locals and inline definitions: one each for it and the program.
#include "shapes.h"
#include <thread>

static int doubles(int x) { return 2 * x; }
static void throws(int code) {
    if (code % 3 == 0) throw ShapeError(code);
    if (code % 3 == 1) throw Sized<int>(code);
    throw std::logic_error("logic");
}
static int throwing_callback(int i) {
    if (i == 5) throw ShapeError(55);
    return i;
}
struct Own : Circle {
    int sides() const override { return 77; }
};

static long shapes(int i) {
    std::unique_ptr<Shape> shape(make_shape(i % 3));
    long sum = shape->sides() + is_circle(shape.get());
    CHECK((dynamic_cast<Circle *>(shape.get()) != nullptr) == (i % 3 == 0));
    CHECK((dynamic_cast<Sized<int> *>(shape.get()) != nullptr) == (i % 3 == 1));
    if (auto *round = dynamic_cast<Round *>(shape.get())) CHECK(dynamic_cast<Shape *>(round) == shape.get() && round->radius() == 1.5);
    CHECK((typeid(*shape) == typeid(Sized<int>)) == (i % 3 == 1) && typeid(Sized<int>) == type_of_sized());
    Own own;
    CHECK(is_circle(&own) && own.self() == &own);
    return sum;
}
static long exceptions(int i) {
    long sum = 0;
    try {
        fail_in_library(i);
    } catch (const ShapeError &error) {
        sum += error.code;
    }
    CHECK(last_error == i && library_error() == i && last_text == "failed with " + std::to_string(i));
    sum += catch_in_library(throws, i);
    try {
        sum += call_back(throwing_callback, i % 10);
    } catch (const std::runtime_error &error) {
        sum += static_cast<const ShapeError &>(error).code;
    }
    try {
        std::rethrow_exception(keep_in_library(i));
    } catch (const ShapeError &error) {
        sum -= error.code;
    }
    return sum;
}
static void identities(int i) {
    CHECK(same(doubles) == doubles && same(library_function()) == library_function() && library_function()(i) == 3 * i);
    CHECK(library_inline() == in_line && library_static() == &shared_static() && library_entries() == &Registry<char>::entries);
    const int before = Registry<char>::entries;
    CHECK(in_line(i) == i + before + 1 && library_inline()(i) == i + before + 2);
    CHECK(&exported == exported_address() && names[1][0] == 's');
    ++exported;
}

int main() {
    long sum = 0;
    for (int i = 0; i < 900; ++i) {
        sum += shapes(i) + exceptions(i) + call_back(doubles, 20);
        identities(i);
    }
    set_library_error(11);
    std::thread([] {
        CHECK(last_error == 7 && last_text == "none");
        last_error = 12;
        CHECK(library_error() == 12);
    }).join();
    std::printf("%ld %d %d %d %d %d\n", sum, last_error, exported, shared_count, shared_static(), Registry<char>::entries);
    return 82;
}
