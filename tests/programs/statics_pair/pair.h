/* What a.c and b.c know of each other. */
#ifndef PAIR_H
#define PAIR_H

extern int shared;

int a_step(void);
const char *a_label(void);
int (*a_callback(void))(int);

int b_step(void);
const char *b_label(void);
int b_shared(void);
int *b_shared_address(void);
int (*b_callback(void))(int);

#endif
