/* What the files know of the section. */
#ifndef REGISTRY_H
#define REGISTRY_H

#ifdef __cplusplus
extern "C" {
#endif

typedef int entry(int);
extern entry *const __start_registry[];
extern entry *const __stop_registry[];
extern int log_count;
entry *const *b_stop(void);

#ifdef __cplusplus
}
#endif

#define REGISTER(id) static entry *const entry_##id __attribute__((used, section("registry"))) = id

#endif
