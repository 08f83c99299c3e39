// Learned numbers of a row transform: [heads, dim], or [1, dim] for all heads. With neither data
// nor dim there are none, which means ones for a weight and zeros for a bias.
#pragma once

#include "skipmax/error.hpp"

namespace skipmax {
inline namespace v0 {

template <class T>
struct head_vector {
  const T* data = nullptr;
  index dim = 0;
  index heads = 1;

  SKIPMAX_INLINE bool is_none() const { return !data && dim == 0; }

  // The numbers of one head; null if there are none.
  SKIPMAX_INLINE const T* row(index head) const { return heads == 1 ? data : data + head * dim; }

  // `name` is the name of the transform, `what` that of the vector in it.
  SKIPMAX_INLINE void check(const char* name, const char* what, index all_heads, index head_dim,
                            error_message& error) const {
    if (!error.empty() || is_none()) return;
    const bool fits = dim == head_dim && (heads == 1 || heads == all_heads);
    if (fits && (data || head_dim == 0)) return;
    error << "row " << name << ": " << what << ": found ";
    if (fits)
      error << "a null pointer";
    else
      error << "[" << heads << ", " << dim << "]";
    error << ", wanted [1, " << head_dim << "]";
    if (all_heads != 1) error << " for all heads or [" << all_heads << ", " << head_dim << "]";
  }
};
template <class T>
head_vector(const T*, index, index = 1) -> head_vector<T>;

}  // namespace v0
}  // namespace skipmax
