// The containers and algorithms a C++ program uses every day.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

int main() {
    std::vector<int> v(1500);
    unsigned state = 12345;
    for (int &x : v) {
        state = state * 1103515245u + 12345u;
        x = static_cast<int>(state >> 16) % 1000;
    }
    std::sort(v.begin(), v.end(), [](int a, int b) { return a > b; });
    std::printf("%d %d %d %d\n", v.front(), v.back(), std::is_sorted(v.rbegin(), v.rend()),
                std::accumulate(v.begin(), v.end(), 0));

    std::map<std::string, int> words;
    std::unordered_map<int, std::string> names;
    for (int i = 0; i < 500; ++i) {
        ++words["w" + std::to_string(v[static_cast<size_t>(i)] % 17)];
        names.emplace(i, std::string(static_cast<size_t>(i % 40), 'x'));
    }
    for (auto &[word, count] : words) std::printf("%s=%d ", word.c_str(), count);
    size_t length = 0;
    for (int i = 0; i < 500; ++i) length += names.at(i).size();
    std::printf("\n%zu\n", length);

    std::function<int(int)> add = [&](int x) { return x + v.back(); };
    std::function<int(int)> twice = [add](int x) { return add(add(x)); };
    int r = 0;
    for (int i = 0; i < 1200; ++i) r += twice(i) & 7;
    auto shared = std::make_shared<std::vector<int>>(v);
    std::weak_ptr<std::vector<int>> weak = shared;
    std::unique_ptr<int[]> raw(new int[4]{1, 2, 3, 4});
    shared.reset();
    std::optional<int> none;
    std::set<int> set(v.begin(), v.end());
    std::printf("%d %d %d %d %zu\n", r, weak.expired(), raw[3], none.value_or(9), set.size());
    return 5;
}
