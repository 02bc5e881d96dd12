/* Before the member that wants it in the archive's order. */
static int calls;
int needs_earlier(int x) { return x + ++calls % 5; }
int counted(void) { return calls; }
