// What a mask is: the interval of keys that a query row sees, and, where that is not enough, single
// keys of it that the row does not see.
//
//   key_range visible(row_position at) const;            // [first, last), cut to the keys given
//   void check(const problem&, error_message&) const;    // optional: says what is wrong with it
//   static constexpr bool rows_alike = true;             // optional: visible() is the same for
//                                                        // every query row of a sequence
//   static constexpr bool hides_keys = true;             // optional, with
//   template <class V>
//   SKIPMAX_INLINE V bias(row_position, index) const;    // 0, or -infinity for a hidden key, as in
//                                                        // skipmax/bias/score_bias.hpp
#pragma once

#include <concepts>

#include "skipmax/error.hpp"
#include "skipmax/problem.hpp"

namespace skipmax {
inline namespace v0 {

template <class M>
concept mask_policy = requires(const M m, row_position at) {
  { m.visible(at) } -> std::same_as<key_range>;
};

template <class M>
inline constexpr bool sees_alike = requires {
  requires M::rows_alike;
};

// The keys that a row sees, within the keys there are.
template <mask_policy M>
SKIPMAX_INLINE key_range visible_range(const M& mask, row_position at) {
  key_range keys = mask.visible(at);
  if (keys.first < 0) keys.first = 0;
  if (keys.last > at.key_length) keys.last = at.key_length;
  return keys.first < keys.last ? keys : key_range{0, 0};
}

}  // namespace v0
}  // namespace skipmax
