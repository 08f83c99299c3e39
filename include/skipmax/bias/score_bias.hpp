// What a score bias is: a number for each pair of a query row and a key, added to the capped score.
//
//   template <class V> SKIPMAX_INLINE V bias(row_position at, index key) const;
//   static constexpr bool hides_keys = true;              // optional: it may be -inf
//   void check(const problem&, error_message&) const;     // optional: says what is wrong with it
//   row_matrix<const T> rows(row_position first, index count, index key, index keys) const;
//                                     // optional: where those of `count` rows from the first one on lie, if
//                                     // they are in memory, in the type of scores; no data: they are not
//   void fetch(row_position at, index key, index keys) const;   // optional: into the cache, for soon
//   index shared_row_bytes() const;   // optional: bytes of a row that all heads read: tasks of all heads
//                                     // over the same rows then follow each other
//
// V is a SIMD register of float or double and takes the biases of the keys key, key + 1, .. in its lanes,
// or the plain scalar and takes one: math::load<V>(pointer) and math::lane_numbers<V>() serve both. Only
// keys that exist are asked for. -inf hides the key: its weight is zero whatever the score function, it is
// not among the visible keys, and nothing of its k and v reaches the output.
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

}  // namespace v0
}  // namespace skipmax
