// Virtual tables with thunks: several and virtual bases, covariant results, pointers to members that adjust, calls while objects
// are built and destroyed, and tables of classes that only templates make.
#include "check.h"
#include <memory>
#include <typeinfo>

struct Animal {
    virtual ~Animal() { ++ended; }
    virtual int legs() const { return 0; }
    virtual Animal *clone() const { return new Animal(*this); }
    static inline int ended = 0;
    int tag = 1;
};
struct Named {
    virtual ~Named() = default;
    virtual const char *name() const { return "named"; }
    virtual Named *self() { return this; }
    int length = 5;
};
struct Swimmer : virtual Animal {
    int legs() const override { return 2 + tag; }
    virtual int depth() const { return tag * 10; }
    int fins = 3;
};
struct Runner : virtual Animal {
    virtual int speed() const { return legs() * 7; }
    int pace = 4;
};
struct Otter : Named, Swimmer, Runner {
    explicit Otter(int t) { tag = t; built = legs(); }
    ~Otter() override { CHECK(typeid(*this) == typeid(Otter)); }
    int legs() const override { return 4; }
    Otter *clone() const override { return new Otter(*this); }
    Otter *self() override { return this; }
    const char *name() const override { return "otter"; }
    int speed() const override { return Runner::speed() + pace; }
    int built;
};
template <int N> struct Kind : Otter {
    Kind() : Otter(N) {}
    int depth() const override { return N + fins; }
    Kind *clone() const override { return new Kind(*this); }
};
struct During {
    int seen[3];
    int at = 0;
};
struct First {
    During &during;
    explicit First(During &d) : during(d) { note(); }
    virtual ~First() { note(); }
    void note() { if (during.at < 3) during.seen[during.at++] = number(); }
    virtual int number() const { return 1; }
};
struct Second : First {
    explicit Second(During &d) : First(d) { note(); }
    ~Second() override { note(); }
    int number() const override { return 2; }
};

static Animal *make(int i) {
    switch (i % 5) {
    case 0: return new Kind<3>;
    case 1: return new Kind<9>;
    case 2: return new Otter(i % 7);
    case 3: return new Swimmer;
    default: return new Runner;
    }
}
static int through(const Animal *animal, int (Animal::*legs)() const) { return (animal->*legs)(); }

int main() {
    long sum = 0;
    int (Animal::*legs)() const = &Animal::legs;
    int (Swimmer::*depth)() const = &Swimmer::depth;
    int (Runner::*speed)() const = &Runner::speed;
    const char *(Otter::*name)() const = &Otter::name;
    int Otter::*built = &Otter::built, Otter::*fins = &Otter::fins;
    for (int i = 0; i < 3000; ++i) {
        std::unique_ptr<Animal> animal(make(i)), copy(animal->clone());
        CHECK(copy != nullptr && copy.get() != animal.get());
        sum += through(animal.get(), legs) * 3 + copy->legs();
        if (auto *swimmer = dynamic_cast<Swimmer *>(animal.get())) sum += (swimmer->*depth)();
        if (auto *runner = dynamic_cast<Runner *>(copy.get())) sum += (runner->*speed)();
        if (auto *otter = dynamic_cast<Otter *>(animal.get())) {
            Named *named = otter;
            CHECK(named->self() == named && otter->self() == otter && typeid(*named) == typeid(*animal) && typeid(*copy) == typeid(*animal));
            sum += (otter->*name)()[0] + otter->*built + otter->*fins + otter->length;
        }
        During during;
        { Second second(during); }
        CHECK(during.at == 3 && during.seen[0] == 1 && during.seen[1] == 2 && during.seen[2] == 2);
        CHECK(legs == &Animal::legs && depth == &Swimmer::depth && (speed != &Runner::speed) == false);
    }
    std::printf("%ld %d\n", sum, Animal::ended);
    return 78;
}
