// Parts of a view, as views of the same memory:
//
//   positions(x, first, last)   [batch, last - first, heads, dim]: [first, last) of every sequence
//   sequence(x, b)              [1, length, heads, dim]
//
// Both throw std::invalid_argument if x has no such part. A null pointer stays null, so that the
// error of the call names what is missing.
#pragma once

#include "skipmax/error.hpp"
#include "skipmax/tensor_view.hpp"

namespace skipmax {
inline namespace v0 {

template <class T>
SKIPMAX_INLINE tensor_view<T> positions(tensor_view<T> x, index first, index last) {
  error_message error{};
  if (first < 0 || last < first || last > x.length)
    error << "skipmax: positions: found " << first << " to " << last
          << ", wanted a range within 0 to " << x.length << ", the length";
  throw_if(error);
  if (x.data) x.data += first * x.length_stride;
  x.length = last - first;
  return x;
}

// Throws std::invalid_argument unless b is one of the batch's sequences.
SKIPMAX_INLINE void check_sequence(const char* owner, index b, index batch) {
  error_message error{};
  if (b < 0 || b >= batch)
    error << "skipmax: " << owner << "sequence: found " << b << ", wanted 0 or more and less than "
          << batch << ", the batch";
  throw_if(error);
}

template <class T>
SKIPMAX_INLINE tensor_view<T> sequence(tensor_view<T> x, index b) {
  check_sequence("", b, x.batch);
  if (x.data) x.data += b * x.batch_stride;
  x.batch = 1;
  return x;
}

}  // namespace v0
}  // namespace skipmax
