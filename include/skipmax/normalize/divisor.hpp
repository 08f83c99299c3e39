// Policies for "L" in L^-alpha. Use visible keys with padding, or if decode must equal prefill. The
// paper, taken literally, uses all keys; HSTU uses its own number.
//
//   double length(row_position at, index visible, index all) const
//
// visible is the number of keys that the row sees, all the number of keys given.
#pragma once

#include <concepts>

#include "skipmax/error.hpp"
#include "skipmax/mask/mask_policy.hpp"
#include "skipmax/problem.hpp"

namespace skipmax {
inline namespace v0 {

template <class D>
concept divisor_policy = requires(const D d, row_position at) {
  { d.length(at, index{}, index{}) } -> std::same_as<double>;
};

// The number of keys that the row sees through the mask.
struct visible_keys {
  SKIPMAX_INLINE double length(row_position, index visible, index) const {
    return static_cast<double>(visible);
  }
};

// The number of keys given, masked or not.
struct all_keys {
  SKIPMAX_INLINE double length(row_position, index, index all) const {
    return static_cast<double>(all);
  }
};

namespace detail {
SKIPMAX_INLINE bool usable_divisor(double n) {
  return n > 0 && __builtin_isfinite(n);
}
}  // namespace detail

// One number for every row, such as the longest sequence of a training set.
struct fixed_number {
  double number = 0;

  SKIPMAX_INLINE double length(row_position, index, index) const { return number; }

  template <class Mask>
  SKIPMAX_INLINE void check(const problem& p, const Mask&, error_message& error) const {
    if (detail::usable_divisor(number) || (number == 0 && p.key_length == 0)) return;
    error << "divisor fixed_number: found " << number << ", wanted a finite number above 0";
  }
};

// A number for each query row: data[b * rows + i], or data[i] for every sequence if batch is 1. It
// may be 0 if the mask hides all keys from the row. With segments the shape is [sequences or 1,
// longest query length], and it may also be 0 for rows beyond the end of a shorter sequence.
struct per_row {
  const double* data = nullptr;  // [batch or 1, query length]
  index batch = 0, rows = 0;

  SKIPMAX_INLINE double length(row_position at, index, index) const {
    return data[(batch == 1 ? 0 : at.batch) * rows + at.query];
  }

  template <class Mask>
  SKIPMAX_INLINE void check(const problem& p, const Mask& mask, error_message& error) const {
    if (rows != p.query_length || (batch != 1 && batch != p.batch)) {
      error << "divisor per_row: found [" << batch << ", " << rows << "], wanted ["
            << one_or{p.batch} << ", " << p.query_length
            << "], the batch and length of q (of segments: their number and the longest)";
      return;
    }
    if (!data && batch * rows > 0) {
      error << "divisor per_row: data: found a null pointer, wanted [" << batch << ", " << rows
            << "]";
      return;
    }
    for (index b = 0; b < p.batch; ++b)
      for (index i = 0; i < rows; ++i) {
        row_position at{b, 0, i, p.query_length, p.key_length};
        const double n = length(at, 0, 0);
        if (detail::usable_divisor(n)) continue;
        bool seen = n != 0;
        for (; at.head < p.heads && !seen; ++at.head) seen = !is_empty(visible_range(mask, at));
        if (!seen) continue;
        error << "divisor per_row: row [" << b << ", " << i << "]: found " << n
              << ", wanted a finite number above 0";
        return;
      }
  }
};

}  // namespace v0
}  // namespace skipmax
