// Reads words from standard input, counts them, and says which came most often.
#include <iostream>
#include <map>
#include <string>

static std::string clean(const std::string &word) {
    std::string result;
    for (char c : word)
        if (c >= 'a' && c <= 'z') result += c;
    return result;
}

int main() {
    std::map<std::string, int> counts;
    int words = 0;
    for (std::string word; std::cin >> word; ++words) ++counts[clean(word)];
    std::string best = "(none)";
    for (auto &[word, count] : counts)
        if (best == "(none)" || count > counts[best]) best = word;
    std::cout << words << " words, " << counts.size() << " different, most often " << best << '\n';
    return 19;
}
