#include "CAllocator.h"

#include <malloc.h>

void kreissync_allocator_keep_little(void) {
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, 128 << 10);
}

void kreissync_allocator_return_free(void) { malloc_trim(0); }
