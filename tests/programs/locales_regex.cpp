// Facets, locales and regular expressions: templates of the library that are half in it and half in the program.
#include "check.h"
#include <charconv>
#include <iomanip>
#include <iostream>
#include <locale>
#include <regex>
#include <sstream>
#include <string>

struct Grouping : std::numpunct<char> {
    char do_thousands_sep() const override { return '\''; }
    std::string do_grouping() const override { return "\3"; }
    std::string do_truename() const override { return "yes"; }
};
struct Counting : std::streambuf {
    int bytes = 0;
    int overflow(int c) override { return ++bytes, c; }
};
static int manipulated = std::ios_base::xalloc();
static std::ostream &mark(std::ostream &out) {
    ++out.iword(manipulated);
    return out << '#';
}

int main() {
    const std::locale grouped(std::locale::classic(), new Grouping);
    std::ostringstream out;
    out.imbue(grouped);
    const std::regex word("([a-z]+)([0-9]*)"), date(R"((\d{4})-(\d\d)-(\d\d))");
    long sum = 0;
    for (int i = 0; i < 40; ++i) {
        out.str("");
        out << i * 1234567L << ' ' << std::boolalpha << (i % 2 == 0) << mark << std::setw(8) << std::hex << i << std::dec;
        const std::string text = out.str() + " abc12 de 2024-01-" + (i < 10 ? "0" : "") + std::to_string(i);
        std::smatch match;
        if (std::regex_search(text, match, date)) sum += std::stoi(match[3]) + std::stoi(match[1]);
        sum += std::distance(std::sregex_iterator(text.begin(), text.end(), word), std::sregex_iterator());
        sum += static_cast<long>(std::regex_replace(text, word, "<$2$1>").size());
        double parsed = 0;
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
        CHECK(error == std::errc() && end != text.data());
        sum += static_cast<long>(parsed) % 97 + std::isalpha(text[0], grouped);
    }
    CHECK(out.iword(manipulated) == 40 && std::has_facet<Grouping>(grouped));
    CHECK(&std::use_facet<std::numpunct<char>>(grouped) == &std::use_facet<Grouping>(grouped));
    Counting counting;
    std::ostream counted(&counting);
    for (int i = 0; i < 2000; ++i) counted << i << ',';
    try {
        std::regex bad("(");
        CHECK(!"thrown");
    } catch (const std::regex_error &thrown) {
        sum += thrown.code() == std::regex_constants::error_paren;
    }
    std::istringstream in("12'345 yes 0x1f");
    in.imbue(grouped);
    long number = 0;
    bool yes = false;
    int hexadecimal = 0;
    in >> number >> std::boolalpha >> yes >> std::setbase(0) >> hexadecimal;
    std::cout << sum << ' ' << counting.bytes << ' ' << number << ' ' << yes << ' ' << hexadecimal << ' ' << out.str() << std::endl;
    return 80;
}
