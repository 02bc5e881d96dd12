// Virtual calls through one, several and virtual bases, covariant results, and calls from constructors.
#include <cstdio>
#include <memory>
#include <typeinfo>
#include <vector>

struct Shape {
    virtual ~Shape() = default;
    virtual double area() const = 0;
    virtual const char *name() const { return "shape"; }
    virtual Shape *clone() const = 0;
};
struct Circle : Shape {
    double r;
    explicit Circle(double r) : r(r) {}
    double area() const override { return 3 * r * r; }
    const char *name() const override { return "circle"; }
    Circle *clone() const override { return new Circle(r + 1); }
};
struct Square : Shape {
    double s;
    explicit Square(double s) : s(s) {}
    double area() const override { return s * s; }
    Square *clone() const override { return new Square(s * 2); }
};

struct Left { virtual int left() { return 1; } virtual ~Left() = default; int a = 10; };
struct Right { virtual int right() { return 2; } virtual ~Right() = default; int b = 20; };
struct Both : Left, Right {
    int left() override { return a + b; }
    int right() override { return b - a; }
};

struct Base { Base() { say(); } virtual void say() { std::puts("base"); } virtual ~Base() = default; };
struct Middle1 : virtual Base { void say() override { std::puts("middle1"); } };
struct Middle2 : virtual Base {};
struct Bottom : Middle1, Middle2 { Bottom() { say(); } };

int main() {
    std::vector<std::unique_ptr<Shape>> shapes;
    for (int i = 0; i < 200; ++i) {
        if (i % 3) shapes.emplace_back(new Circle(i));
        else shapes.emplace_back(new Square(i));
    }
    double total = 0;
    for (int round = 0; round < 20; ++round)
        for (auto &s : shapes) total += s->area();
    std::unique_ptr<Shape> copy(shapes[1]->clone());
    std::printf("%.0f %s %s %.0f\n", total, shapes[0]->name(), shapes[1]->name(), copy->area());

    Both both;
    Right *right = &both;
    int n = 0;
    for (int i = 0; i < 1500; ++i) n += right->right() + both.left();
    std::printf("%d %d\n", n, dynamic_cast<Left *>(right)->left());
    std::printf("%d %d\n", typeid(*right) == typeid(Both), dynamic_cast<Circle *>(shapes[0].get()) == nullptr);
    Bottom bottom;
    bottom.say();
    return 4;
}
