// Two masks at once: a key is visible where both let it through, and the second takes the sequence
// to end where the first one ended it. So the order says where a diagonal lies:
//
//   both{key_lengths, causal}   the last query sees the last key of its own sequence: new queries
//                               over caches of different lengths
//   both{causal, key_lengths}   the diagonal of the padded batch, cut to each length:
//                               self-attention over sequences padded at their ends
//
// A key that either hides on its own is hidden; that ends no sequence.
#pragma once

#include "skipmax/bias/score_bias.hpp"
#include "skipmax/mask/mask_policy.hpp"

namespace skipmax {
inline namespace v0 {

template <mask_policy First, mask_policy Second>
struct both {
  static constexpr bool rows_alike = sees_alike<First> && sees_alike<Second>;
  static constexpr bool hides_keys = hides_single_keys<First> || hides_single_keys<Second>;

  First first;
  Second second;

  SKIPMAX_INLINE key_range visible(row_position at) const {
    const key_range a = visible_range(first, at);
    at.key_length = a.last;
    const key_range b = second.visible(at);
    return {a.first > b.first ? a.first : b.first, a.last < b.last ? a.last : b.last};
  }

  template <class V>
  SKIPMAX_INLINE V bias(row_position at, index key) const requires(hides_keys) {
    if constexpr (!hides_single_keys<Second>) {
      return first.template bias<V>(at, key);
    } else {
      row_position cut = at;
      cut.key_length = visible_range(first, at).last;
      const V of_second = second.template bias<V>(cut, key);
      if constexpr (hides_single_keys<First>)
        return first.template bias<V>(at, key) + of_second;
      else
        return of_second;
    }
  }

  SKIPMAX_INLINE void check(const problem& p, error_message& error) const {
    if constexpr (requires { first.check(p, error); }) first.check(p, error);
    if constexpr (requires { second.check(p, error); })
      if (error.empty()) second.check(p, error);
  }
};
template <class First, class Second>
both(First, Second) -> both<First, Second>;

}  // namespace v0
}  // namespace skipmax
