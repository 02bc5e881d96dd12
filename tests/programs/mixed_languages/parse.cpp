// The C++ half of `main.c`.
#include <stdexcept>
#include <string>

static int parsed(const std::string &text) {
    if (text.empty()) throw std::invalid_argument("empty");
    return std::stoi(text);
}

extern "C" int sum_of_parsed(const char *const *texts, int count, int (*each)(int)) {
    int sum = 0;
    for (int i = 0; i < count; ++i) {
        try {
            sum += each(parsed(texts[i]));
        } catch (const std::logic_error &) {
            --sum;
        }
    }
    return sum;
}
