// The class whose method `class_recompile.rs` recompiles while two threads are calling it.

#include <atomic>

// Configuration: set once, read on every call. `volatile` is not used on purpose: what keeps the optimiser from assuming a
// value is that other modules, or the host, may write it.
int degrees_per_step = 3;

static std::atomic<int> initialisations{0};

static long first_serial() {
  ++initialisations;
  return 1000;
}

class Sensor {
public:
  virtual ~Sensor() = default;
  virtual long read(long steps) = 0;
};

class Thermometer : public Sensor {
public:
  explicit Thermometer(long offset) : offset(offset) {}
  // Virtual: called through the vtable.
  long read(long steps) override;
  // Not virtual: called by name.
  long readings() const;

private:
  long offset;
  std::atomic<long> count{0};
};

// A function-local static with a guarded initialiser: its value must survive the recompilation, and the initialiser must not
// run again.
static std::atomic<long> &serial() {
  static std::atomic<long> next{first_serial()};
  return next;
}

long Thermometer::read(long steps) {
  serial().fetch_add(1);
  count.fetch_add(1);
  long degrees = offset;
  for (long step = 0; step < steps; ++step)
    degrees += degrees_per_step;
  return degrees;
}

long Thermometer::readings() const { return count.load(); }

extern "C" Sensor *make_thermometer(long offset) { return new Thermometer(offset); }
extern "C" void delete_sensor(Sensor *sensor) { delete sensor; }
extern "C" long serial_now() { return serial().load(); }
extern "C" int initialisations_now() { return initialisations.load(); }
