// String literals and constants keep their address and their contents: pointers to them are kept while functions are replaced.
#include "check.h"
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

struct Entry {
    const char *name;
    const wchar_t *wide;
    std::string_view view;
};

static const char *literal(int i) { return i % 2 ? "odd literal" : "even literal"; }
static const char *tail(int i) { return i ? "literal" + 3 : &"a longer literal"[9]; }
static const char16_t *utf16() { return u"sixteen"; }
static Entry entry(int i) {
    if (i % 3 == 0) return {"null", L"wide null", "view null"};
    return {__func__, L"wide", "view"};
}
static const int *constants() {
    static const int local[] = {3, 1, 4, 1, 5, 9, 2, 6};
    return local;
}
static const double *from_list(int i) {
    static constexpr double list[2][3] = {{.5, 1.5, 2.5}, {3.5, 4.5, 5.5}};
    return list[i % 2];
}
static const char *pretty() { return __PRETTY_FUNCTION__; }
template <class T> static const char *of_template() {
    static const char text[] = "text of a template";
    return text + sizeof(T) % 4;
}
static const std::initializer_list<int> &listed() {
    static const std::initializer_list<int> list = {7, 8, 9};
    return list;
}
static char *writable() {
    static char text[] = "writable";
    return text;
}

static std::vector<const void *> take(int i) {
    const Entry e = entry(i), f = entry(3);
    return {literal(0), literal(1), tail(0), tail(1), utf16(), e.name, e.wide, e.view.data(), f.name, constants(), from_list(0),
            from_list(1), pretty(), of_template<int>(), of_template<short>(), listed().begin(), writable()};
}

int main() {
    const std::vector<const void *> first = take(1);
    const std::vector<const char *> kept = {literal(0), literal(1), tail(1), entry(1).name, pretty()};
    const std::vector<std::string> contents(kept.begin(), kept.end());
    for (int i = 0; i < 4000; ++i) {
        if (i % 3) CHECK(take(i) == first);
        for (size_t k = 0; k < kept.size(); ++k) CHECK(contents[k] == kept[k]);
        CHECK(std::strcmp(tail(1), "eral") == 0 && constants()[5] == 9 && from_list(i)[1] == (i % 2 ? 4.5 : 1.5));
        ++writable()[0];
    }
    std::printf("%s %s %s %s %02x\n", kept[0], kept[1], kept[3], of_template<short>(), static_cast<unsigned char>(writable()[0]));
    return 69;
}
