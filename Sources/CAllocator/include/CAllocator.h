// The C library's allocator, told how much memory to keep: Swift cannot call mallopt.
#ifndef KREISSYNC_CALLOCATOR_H
#define KREISSYNC_CALLOCATOR_H

// Long blocks go back to the system when they are freed, and threads share two pools for short
// ones. By itself glibc keeps a pool for each thread, and keeps long blocks as well once it has
// seen a few: after a busy minute a process would hold its peak for ever.
void kreissync_allocator_keep_little(void);

// Gives back to the system what is freed at this moment.
void kreissync_allocator_return_free(void);

#endif
