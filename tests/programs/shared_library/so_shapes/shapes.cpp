// The shared library of main.cpp.
#include "../shapes.h"

Shape::~Shape() = default;
int Circle::sides() const { return 0; }
ShapeError::~ShapeError() = default;

thread_local int last_error = 7;
thread_local std::string last_text = "none";
int exported = 3;
const char *const names[3] = {"circle", "sized", "other"};

static int function(int x) { return 3 * x; }

int *exported_address() { return &exported; }
Shape *make_shape(int kind) {
    if (kind == 0) return new Circle;
    if (kind == 1) return new Sized<int>(4);
    return new Sized<long>(5);
}
bool is_circle(const Shape *shape) { return dynamic_cast<const Circle *>(shape) != nullptr; }
int call_back(Callback callback, int times) {
    int sum = 0;
    for (int i = 0; i < times; ++i) sum += callback(i);
    return sum;
}
Callback same(Callback callback) { return callback; }
Callback library_function() { return function; }
Callback library_inline() { return in_line; }
int *library_static() { return &shared_static(); }
int *library_entries() { return &Registry<char>::entries; }
void fail_in_library(int code) {
    last_error = code;
    last_text = "failed with " + std::to_string(code);
    throw ShapeError(code);
}
int catch_in_library(void (*thrower)(int), int code) {
    try {
        thrower(code);
    } catch (const ShapeError &error) {
        return error.code;
    } catch (const Sized<int> &sized) {
        return 1000 + sized.size;
    } catch (const std::logic_error &error) {
        return error.what()[0];
    }
    return -1;
}
std::exception_ptr keep_in_library(int code) { return std::make_exception_ptr(ShapeError(code)); }
int library_error() { return last_error; }
void set_library_error(int error) { last_error = error; }
const std::type_info &type_of_sized() { return typeid(Sized<int>); }
