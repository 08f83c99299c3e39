// Two masks at once: a row sees the keys that both show it. If the first one ends sequences, as
// key_lengths does, the second sees them end there. So the order decides where a diagonal lies:
//
//   both{key_lengths, causal}   the last query sees the last key of its own sequence: new queries
//                               over caches of different lengths
//   both{causal, key_lengths}   the diagonal of the padded batch, cut to each length:
//                               self-attention over sequences padded at their ends
//
// A bias counts its positions along that diagonal.
#pragma once

#include "skipmax/bias/score_bias.hpp"
#include "skipmax/mask/mask_policy.hpp"

namespace skipmax {
inline namespace v0 {

template <mask_policy First, mask_policy Second>
struct both {
  static constexpr bool rows_alike = sees_alike<First> && sees_alike<Second>;
  static constexpr bool has_diagonal = v0::has_diagonal<First> || v0::has_diagonal<Second>;
  static constexpr bool moves_forward = v0::moves_forward<First> && v0::moves_forward<Second>;
  static constexpr bool hides_keys = hides_single_keys<First> || hides_single_keys<Second>;

  First first;
  Second second;

  SKIPMAX_INLINE key_range visible(row_position at) const {
    return intersect(visible_range(first, at), visible_range(second, cut_to_sequence(first, at)));
  }

  SKIPMAX_INLINE index sequence_end(row_position at) const {
    return cut_to_sequence(second, cut_to_sequence(first, at)).key_length;
  }
  SKIPMAX_INLINE row_position aligned(row_position at) const {
    if constexpr (v0::has_diagonal<Second>)
      return v0::aligned(second, cut_to_sequence(first, at));
    else
      return v0::aligned(first, at);
  }

  template <class V>
  SKIPMAX_INLINE V bias(row_position at, index key) const requires(hides_keys) {
    V sum = math::constant<V>(0);
    if constexpr (hides_single_keys<First>) sum = first.template bias<V>(at, key);
    if constexpr (hides_single_keys<Second>)
      sum = sum + second.template bias<V>(cut_to_sequence(first, at), key);
    return sum;
  }

  SKIPMAX_INLINE void check(const problem& p, error_message& error) const {
    check_part(first, error, p);
    check_part(second, error, p);
  }
};
template <class First, class Second>
both(First, Second) -> both<First, Second>;

}  // namespace v0
}  // namespace skipmax
