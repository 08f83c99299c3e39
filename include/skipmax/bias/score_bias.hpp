// A score bias is a number for each pair of a query row and a key, added to the capped score.
//
//   template <class V> SKIPMAX_INLINE V bias(row_position at, index key) const;
//   static constexpr bool hides_keys = true;              // optional: it may be -inf
//   void check(const problem&, error_message&) const;     // optional: says what is wrong with it
//   row_matrix<const T> rows(row_position first, index count, index key, index keys) const;
//                                     // optional: the biases of `count` rows from `first` on, if
//                                     // they are in memory in the type of scores, else null data
//   void fetch(row_position at, index key, index keys) const;   // optional: prefetches them
//   index shared_row_bytes() const;   // optional: bytes of a row that all heads read; the tasks of
//                                     // all heads over the same rows then follow each other
//
// V is a SIMD register of float or double, whose lanes are the biases of keys key, key + 1, .., or
// a scalar for one key. math::load<V>(pointer) and math::lane_numbers<V>() serve both. Only
// existing keys are asked for. -inf hides the key: its weight is zero whatever the score function,
// it is not among the visible keys, and nothing of its k and v reaches the output.
#pragma once

#include <concepts>

#include "skipmax/error.hpp"
#include "skipmax/problem.hpp"
#include "skipmax/simd/math.hpp"

namespace skipmax {
inline namespace v0 {

template <class B>
concept score_bias = requires(const B b, row_position at, index key) {
  { b.template bias<double>(at, key) } -> std::same_as<double>;
};

// True for a bias, and for a mask, that hides single keys.
template <class B>
inline constexpr bool hides_single_keys = requires {
  requires B::hides_keys;
};

struct no_bias {
  template <class V>
  SKIPMAX_INLINE V bias(row_position, index) const {
    return math::constant<V>(0);
  }
};

namespace detail {

// Checks the array of a dense bias or mask, with an entry for each pair of a query row and a key:
// [batch or 1, heads or 1, query length or 1, key length].
template <class Array>
SKIPMAX_INLINE void check_pairs(const char* name, const Array& x, const problem& p,
                                error_message& error) {
  const tensor_shape found{{x.batch, x.heads, x.query_length, x.key_length}};
  const bool fits = (x.batch == 1 || x.batch == p.batch) && (x.heads == 1 || x.heads == p.heads) &&
                    (x.query_length == 1 || x.query_length == p.query_length) &&
                    x.key_length == p.key_length;
  if (!fits)
    error << name << ": found " << found << ", wanted [" << one_or{p.batch} << ", "
          << one_or{p.heads} << ", " << one_or{p.query_length} << ", " << p.key_length
          << "], the batch and heads of q and the lengths of q and k "
             "(of segments: their number and the longest)";
  else if (!x.data && x.batch > 0 && x.heads > 0 && x.query_length > 0 && x.key_length > 0)
    error << name << ": data: found a null pointer, wanted " << found;
}

}  // namespace detail
}  // namespace v0
}  // namespace skipmax
