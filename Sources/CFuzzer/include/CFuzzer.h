#ifndef KREISSYNC_CFUZZER_H
#define KREISSYNC_CFUZZER_H

#include <stddef.h>
#include <stdint.h>

// libFuzzer's entry for programs with a main of their own. Given by -sanitize=fuzzer at linking.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*run)(const uint8_t *bytes, size_t count));

#endif
