// Functions of three sizes, to be recompiled.

extern "C" int add(int a, int b) { return a + b; }

extern "C" double dot(const double *a, const double *b, long n) {
  double sum = 0;
  for (long i = 0; i < n; ++i)
    sum += a[i] * b[i];
  return sum;
}

namespace {

struct Token {
  char kind;
  long value;
};

Token next(const char *&text) {
  while (*text == ' ')
    ++text;
  if (*text < '0' || *text > '9')
    return {*text ? *text++ : '\0', 0};
  long value = 0;
  while (*text >= '0' && *text <= '9')
    value = value * 10 + (*text++ - '0');
  return {'0', value};
}

} // namespace

// A calculator with operator precedence on two stacks: loops, branches, a switch, calls of a function worth inlining.
extern "C" long evaluate(const char *text) {
  long values[32];
  char pending[32];
  int depth = 0, waiting = 0;
  const auto binds = [](char kind) { return kind == '*' || kind == '/' ? 2 : kind == '+' || kind == '-' ? 1 : 0; };
  const auto reduce = [&] {
    const long right = values[--depth];
    long &left = values[depth - 1];
    switch (pending[--waiting]) {
    case '+': left += right; break;
    case '-': left -= right; break;
    case '*': left *= right; break;
    case '/': left = right ? left / right : 0; break;
    }
  };
  for (;;) {
    const Token token = next(text);
    if (token.kind == '0') {
      values[depth++] = token.value;
    } else if (token.kind == '(') {
      pending[waiting++] = '(';
    } else {
      while (waiting && pending[waiting - 1] != '(' && binds(pending[waiting - 1]) >= binds(token.kind))
        reduce();
      if (token.kind == ')' && waiting)
        --waiting;
      else if (token.kind == '\0')
        return depth ? values[depth - 1] : 0;
      else
        pending[waiting++] = token.kind;
    }
    if (depth == 32 || waiting == 32)
      return -1;
  }
}
