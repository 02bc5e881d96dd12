// The smallest program of the C++ standard library's streams.
#include <iostream>

int main() {
  std::cout << "hello, world" << std::endl;
  return 0;
}
