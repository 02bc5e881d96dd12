// Closures, ranges over them, constexpr, structured bindings, variant and string_view: everyday C++17.
#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

using Value = std::variant<int, double, std::string>;

template <class... F> struct Overloaded : F... { using F::operator()...; };
template <class... F> Overloaded(F...) -> Overloaded<F...>;

static double weight(const Value &value) {
    return std::visit(Overloaded{[](int i) { return i * 1.0; }, [](double d) { return d; },
                                 [](const std::string &s) { return static_cast<double>(s.size()); }},
                      value);
}

static constexpr std::array<int, 8> squares() {
    std::array<int, 8> result{};
    for (int i = 0; i < 8; ++i) result[static_cast<size_t>(i)] = i * i;
    return result;
}

static auto counter() {
    return [n = 0]() mutable { return ++n; };
}

static std::tuple<int, std::string_view> split(std::string_view text) {
    auto comma = text.find(',');
    return {static_cast<int>(comma), text.substr(comma + 1)};
}

int main() {
    std::vector<Value> values;
    for (int i = 0; i < 600; ++i) {
        if (i % 3 == 0) values.emplace_back(i);
        else if (i % 3 == 1) values.emplace_back(i / 2.0);
        else values.emplace_back(std::string(static_cast<size_t>(i % 20), 'v'));
    }
    double total = 0;
    for (int round = 0; round < 3; ++round)
        for (auto &v : values) total += weight(v);
    auto count = counter();
    int last = 0;
    for (int i = 0; i < 1500; ++i) last = count();
    auto [at, rest] = split("left,right");
    constexpr auto table = squares();
    std::printf("%.1f %d %d %.*s %d\n", total, last, at, static_cast<int>(rest.size()), rest.data(), table[7]);
    return 27;
}
