// Programs that are little but calls: what an entry counter costs shows here if anywhere.

extern "C" long fib(long n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

extern "C" long tak(long x, long y, long z) {
  return y < x ? tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y)) : z;
}

namespace {

struct Shape {
  virtual ~Shape() = default;
  virtual long sides() const = 0;
};

struct Triangle final : Shape {
  long sides() const override { return 3; }
};

struct Square final : Shape {
  long sides() const override { return 4; }
};

struct Polygon final : Shape {
  explicit Polygon(long corners) : corners(corners) {}
  long sides() const override { return corners; }
  long corners;
};

} // namespace

extern "C" long virtual_calls(long rounds) {
  Triangle triangle;
  Square square;
  Polygon pentagon(5), hexagon(6);
  const Shape *shapes[] = {&triangle, &square, &pentagon, &hexagon};
  long sum = 0;
  for (long round = 0; round < rounds; ++round)
    for (const Shape *shape : shapes)
      sum += shape->sides();
  return sum;
}
