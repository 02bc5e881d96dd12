/* Wanted by main.c; wants a member before and one behind it. */
int needs_earlier(int x);
int zz_last(int x);
int first(int x) { return needs_earlier(x) + zz_last(x); }
