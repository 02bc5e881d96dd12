// A small geometry program: virtual calls, a static local with a side effect, the standard library, an exception. Hot enough that
// `cargo xtask run examples/programs/shapes.cpp` shows functions moving up a tier.

#include <cmath>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

int registrations = 0;

// Runs once, however often its caller is recompiled.
int register_kind(const std::string &kind) {
  std::cout << "registering " << kind << '\n';
  return ++registrations;
}

class Shape {
public:
  virtual ~Shape() = default;
  virtual double area() const = 0;
  virtual const char *name() const = 0;

  void scale(double factor) {
    if (factor <= 0)
      throw std::invalid_argument("scale factors are positive");
    do_scale(factor);
  }

private:
  virtual void do_scale(double factor) = 0;
};

class Circle final : public Shape {
public:
  explicit Circle(double radius) : radius(radius) {}

  double area() const override {
    static const int kind = register_kind("circle");
    return kind * 0.0 + M_PI * radius * radius;
  }
  const char *name() const override { return "circle"; }

private:
  void do_scale(double factor) override { radius *= factor; }
  double radius;
};

class Rectangle final : public Shape {
public:
  Rectangle(double width, double height) : width(width), height(height) {}

  double area() const override {
    static const int kind = register_kind("rectangle");
    return kind * 0.0 + width * height;
  }
  const char *name() const override { return "rectangle"; }

private:
  void do_scale(double factor) override {
    width *= factor;
    height *= factor;
  }
  double width, height;
};

using Shapes = std::vector<std::unique_ptr<Shape>>;

Shapes make_shapes(int count) {
  Shapes shapes;
  for (int i = 1; i <= count; ++i) {
    if (i % 3 == 0)
      shapes.push_back(std::make_unique<Rectangle>(i, i * 0.5));
    else
      shapes.push_back(std::make_unique<Circle>(i));
  }
  return shapes;
}

double total_area(const Shapes &shapes) {
  double sum = 0;
  for (const auto &shape : shapes)
    sum += shape->area();
  return sum;
}

int rejected_factors(Shapes &shapes, int rounds) {
  int rejected = 0;
  for (int i = 0; i < rounds; ++i) {
    try {
      shapes[i % shapes.size()]->scale(i % 10 - 1);
      shapes[i % shapes.size()]->scale(1.0 / (i % 10 - 1));
    } catch (const std::invalid_argument &) {
      ++rejected;
    }
  }
  return rejected;
}

} // namespace

int main() {
  Shapes shapes = make_shapes(60);

  double sum = 0;
  for (int round = 0; round < 20000; ++round)
    sum = total_area(shapes);

  std::map<std::string, int> by_name;
  for (const auto &shape : shapes)
    ++by_name[shape->name()];

  std::cout << std::fixed << std::setprecision(3) << "total area " << sum << '\n';
  for (const auto &[name, count] : by_name)
    std::cout << count << ' ' << name << "s\n";
  std::cout << rejected_factors(shapes, 2000) << " factors rejected\n";
  std::cout << registrations << " kinds registered\n";
  return registrations == 2 ? 0 : 1;
}
