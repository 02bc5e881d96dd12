// Getters of variables, and kernels whose configuration is in variables that are set when the program runs.

// Defined where nobody can see through it: the value of the static is not known before it is initialised.
extern "C" long read_configuration() {
  volatile long seven = 7;
  return seven;
}

extern "C" {
long plain = 7;
long runs;

long get_plain() { return plain; }
void set_plain(long value) { plain = value; }

// Nobody but its initialiser writes it.
long get_kept() {
  static long value = (++runs, read_configuration());
  return value;
}

// Whoever has the reference may write it.
long &changing() {
  static long value = (++runs, read_configuration());
  return value;
}
long get_changing() { return changing(); }
void set_changing(long value) { changing() = value; }

// Direct form of a finite impulse response filter.
int taps = 1;
double coefficients[16] = {1};

void filter(const double *input, double *output, long n) {
  for (long i = 0; i < n; ++i) {
    double sum = 0;
    for (int tap = 0; tap < taps; ++tap)
      sum += coefficients[tap] * input[i + tap];
    output[i] = sum;
  }
}

// A small interpreter: what to do to each row of a table.
enum Operation { Add, Multiply, Clamp, Shift, End };
struct Step {
  int operation;
  int argument;
};
Step plan[16] = {{End, 0}};

long evaluate(const int *rows, long n) {
  long total = 0;
  for (long i = 0; i < n; ++i) {
    long x = rows[i];
    for (const Step *step = plan; step->operation != End; ++step) {
      switch (step->operation) {
      case Add: x += step->argument; break;
      case Multiply: x *= step->argument; break;
      case Clamp: x = x < step->argument ? x : step->argument; break;
      case Shift: x >>= step->argument; break;
      }
    }
    total += x;
  }
  return total;
}

// What the embedder's configuration file would say.
void configure() {
  taps = 5;
  for (int tap = 0; tap < 5; ++tap)
    coefficients[tap] = 1.0 / (tap + 1);
  const Step steps[] = {{Multiply, 3}, {Add, 17}, {Shift, 1}, {Clamp, 900}, {End, 0}};
  for (int i = 0; i < 5; ++i)
    plan[i] = steps[i];
}
}
