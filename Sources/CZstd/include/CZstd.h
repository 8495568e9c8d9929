// Zstandard, as Debian packages it: bodies on real links.
#ifndef KREISSYNC_CZSTD_H
#define KREISSYNC_CZSTD_H

#include <zstd.h>

#endif
