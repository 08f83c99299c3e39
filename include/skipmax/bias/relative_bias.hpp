// A bias that depends on the difference between the positions of key and query, from a table for
// each head: HSTU's, and T5's once expand_t5_buckets has written it out.
//
//   bias_ij = data[h][n],   n = (j - p) - first, clamped to 0 .. count - 1
//   p       = i + (key_length - query_length)
//
// p is the key that query row i stands at, bottom-right aligned as in causal. check() refuses
// -infinity in any entry that the lengths of a call reach, even if the mask hides its keys;
// relative_bias<T, true> allows it, and costs what a bias that hides keys costs.
//
// Raffel et al. 2020, arXiv 1910.10683; Zhai et al. 2024, arXiv 2402.17152.
#pragma once

#include <type_traits>

#include "skipmax/error.hpp"
#include "skipmax/problem.hpp"
#include "skipmax/simd/math.hpp"
#include "skipmax/tensor_view.hpp"

namespace skipmax {
inline namespace v0 {

template <class T, bool HidesKeys = false>
struct relative_bias {
  static constexpr bool hides_keys = HidesKeys;

  const T* data = nullptr;     // [heads or 1, count]
  index heads = 0;             // 1: all heads share one table
  index first = 0, count = 0;  // for the differences j - p in [first, first + count)

  template <class V>
  SKIPMAX_INLINE V bias(row_position at, index key) const {
    const T* table = table_of(at.head);
    const index n = number_of(at, key);
    if constexpr (math::scalar<V>) {
      return static_cast<V>(table[inside(n)]);
    } else {
      static_assert(
          std::is_same_v<math::element_t<V>, T>,
          "skipmax: relative_bias holds numbers of another type than scores: give it a pointer "
          "to double for tensors of double, to float for all others");
      // Consecutive keys have consecutive differences.
      constexpr index W = sizeof(V) / sizeof(T);
      if (n >= 0 && n <= count - W) return math::load<V>(table + n);
      if (n >= count - 1) return V(table[count - 1]);
      if (n <= 1 - W) return V(table[0]);
      alignas(64) T across_an_end[W];
      for (index i = 0; i < W; ++i) across_an_end[i] = table[inside(n + i)];
      return math::load<V>(across_an_end);
    }
  }

  // If no difference is outside the table, each row starts one entry before the row above it.
  SKIPMAX_INLINE row_matrix<const T> rows(row_position top, index length, index key,
                                          index keys) const {
    const index n = number_of(top, key);
    if (n < length - 1 || n > count - keys) return {};
    return {table_of(top.head) + n, -1};
  }

  SKIPMAX_INLINE void check(const problem& p, error_message& error) const {
    if (heads != 1 && heads != p.heads) {
      error << "bias relative_bias: found a table for " << heads << " heads, wanted "
            << one_or{p.heads} << ", the heads of q";
      return;
    }
    if (count < 1) {
      error << "bias relative_bias: count: found " << count << ", wanted at least 1 difference";
      return;
    }
    constexpr index far = index{1} << 62;
    if (first < -far || first > far) {
      error << "bias relative_bias: first: found " << first << ", wanted between -2^62 and 2^62";
      return;
    }
    if (!data && heads > 0) {
      error << "bias relative_bias: data: found a null pointer, wanted [" << heads << ", " << count
            << "]";
      return;
    }
    if constexpr (!hides_keys) check_that_none_is_hidden(p, error);
  }

  SKIPMAX_INLINE const T* table_of(index head) const {
    return data + (heads == 1 ? 0 : head) * count;
  }
  SKIPMAX_INLINE index number_of(row_position at, index key) const {
    return key - at.own_key() - first;
  }
  // The entry for difference first + n.
  SKIPMAX_INLINE index inside(index n) const { return n < 0 ? 0 : n < count ? n : count - 1; }

  // Looks only at the differences that this problem has, 1 - key length to query length - 1.
  SKIPMAX_INLINE void check_that_none_is_hidden(const problem& p, error_message& error) const {
    const index least = inside(1 - p.key_length - first), most = inside(p.query_length - 1 - first);
    for (index h = 0; h < heads; ++h)
      for (index n = least; n <= most; ++n)
        if (data[h * count + n] == -__builtin_inf()) {
          error << "bias relative_bias: data[" << h << ", " << n
                << "]: found -inf, wanted a number, or relative_bias<T, true>, which hides keys";
          return;
        }
  }
};
template <class T, class... Sizes>
relative_bias(const T*, Sizes...) -> relative_bias<T>;

}  // namespace v0
}  // namespace skipmax
