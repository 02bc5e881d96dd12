/* Wants the second archive. */
int second(int x);
int zz_last(int x) { return second(x) / 2; }
