// iostream: formatting, string streams, standard input, and unflushed output at exit.
#include <iomanip>
#include <iostream>
#include <sstream>
#include <string>

struct Point { int x, y; };
static std::ostream &operator<<(std::ostream &out, const Point &p) { return out << '(' << p.x << ',' << p.y << ')'; }

int main() {
    std::ostringstream text;
    for (int i = 0; i < 400; ++i) text << Point{i, -i} << ' ';
    std::cout << text.str().size() << '\n';
    std::cout << std::hex << std::showbase << 255 << ' ' << std::dec << std::setw(6) << std::setfill('*') << 42 << '\n';
    std::cout << std::fixed << std::setprecision(3) << 2.0 / 3 << ' ' << std::boolalpha << true << '\n';
    std::istringstream in("3 4.5 seven");
    int i; double d; std::string s;
    in >> i >> d >> s;
    std::cout << i << ' ' << d << ' ' << s << ' ' << in.eof() << '\n';
    int lines = 0;
    for (std::string line; std::getline(std::cin, line);) ++lines;
    std::cout << lines << " lines";
    return 6;
}
