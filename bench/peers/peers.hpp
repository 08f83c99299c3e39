// The other libraries of bench_forward, those that CMake found.
#pragma once

#include "options.hpp"

namespace bench {

void add_openblas(const options&);
void add_onednn(const options&);
void add_libxsmm(const options&);

inline void add_peers([[maybe_unused]] const options& o) {
#if defined(SKIPMAX_PEER_OPENBLAS)
  add_openblas(o);
#endif
#if defined(SKIPMAX_PEER_ONEDNN)
  add_onednn(o);
#endif
#if defined(SKIPMAX_PEER_LIBXSMM)
  add_libxsmm(o);
#endif
}

}  // namespace bench
