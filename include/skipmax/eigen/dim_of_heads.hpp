// The dim of heads that lie side by side in one dimension.
#pragma once

#include "skipmax/error.hpp"

namespace skipmax {
inline namespace v0 {
namespace detail {

// width / heads. Throws std::invalid_argument unless heads is at least 1 and divides width.
SKIPMAX_INLINE index dim_of_heads(const char* function, index width, index heads) {
  error_message error{};
  if (heads < 1)
    error << "skipmax: " << function << ": heads: found " << heads << ", wanted at least 1";
  else if (width % heads != 0)
    error << "skipmax: " << function << ": width: found " << width << ", wanted a multiple of "
          << heads << " heads";
  throw_if(error);
  return width / heads;
}

}  // namespace detail
}  // namespace v0
}  // namespace skipmax
