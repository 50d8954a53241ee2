// Counts what the process asks the allocator for, by standing before glibc's own functions.
#pragma once
#include <stdint.h>

/// Calls of malloc, calloc, realloc and their aligned kin since the start, by all threads.
uint64_t allocations_count(void);
