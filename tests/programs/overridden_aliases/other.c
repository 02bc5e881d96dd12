int value = 100;
int function(int x) { return x - value; }
