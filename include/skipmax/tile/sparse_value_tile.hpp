// out = (earlier + weights V) * factor * gate, as tile/value_tile has it, from the keys whose weight is not zero.
//
// A key costs a row as many multiply-adds as in the dense kernel, but each reads v from the cache; so what is
// saved is the share of zeros, less the list of keys. The sum takes the same keys in the same order: it has
// the bits of the dense one, but for values that are not finite.
#pragma once

#include "skipmax/score/score_function.hpp"
#include "skipmax/tile/nonzero_keys.hpp"
#include "skipmax/tile/value_tile.hpp"

namespace skipmax {
inline namespace v0 {

// Whether value rows of zero weight are left out, for score functions that have exact zeros: where there
// are enough of them to gain by it, or never, or always. The result is the same, but where a value is NaN
// or infinite and its weight zero.
enum class skip_zeros { where_faster, never, always };

// R rows at a time, over the keys that any of them needs: two share what they load of v, one list and the end
// of one loop, which is hard to foretell.
template <class Isa, class E, int R, int N, class To>
SKIPMAX_NOINLINE void sparse_panel(const E* packed_weights, const key_number* list, index count,
                                   value_panels<E> v, const To& to, int first_row, index x) {
  using T = number_of<E>;
  using V = simd<T, Isa>;
  using any_number __attribute__((may_alias)) = T;
  const auto* weights = reinterpret_cast<const any_number*>(packed_weights);
  constexpr index W = lanes<T, Isa>, stride = tile_layout<T, Isa>::weight_stride;
  V sum[R][N];
#pragma GCC unroll 2
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) sum[r][n] = V(T(0));
  constexpr int NV = tile_layout<T, Isa>::vectors;
  const E* panel[(N + NV - 1) / NV];
#pragma GCC unroll 8
  for (int n = 0; n < N; n += NV) panel[n / NV] = v.template at<Isa>(0, x, n);
  for (index i = 0; i < count; ++i) {
    const index key = list[i], from = key * v.stride;
    V row[N];
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) {
      row[n] = V::load_aligned(reinterpret_cast<const T*>(panel[n / NV] + from + n % NV * W));
      if constexpr (R > 1) keep_in_register(row[n]);
    }
#pragma GCC unroll 2
    for (int r = 0; r < R; ++r) {
      const V weight(weights[r * stride + key]);
#pragma GCC unroll 8
      for (int n = 0; n < N; ++n) sum[r][n] = multiply_packed<E>(weight, row[n], sum[r][n]);
    }
  }
  if (to.earlier.data)
#pragma GCC unroll 2
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int n = 0; n < N; ++n)
        sum[r][n] = sum[r][n] + V::load_aligned(to.earlier.data +
                                                (first_row + r) * to.earlier.stride + x + n * W);
#pragma GCC unroll 2
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n)
      store_rounded<Isa, T>(to.out.data + (first_row + r) * to.out.stride + x + n * W,
                            to.template finished<Isa>(first_row + r, x + n * W, sum[r][n]));
}

// False, and nothing done, if more than `most` keys are needed.
template <class Isa, int R, class E, class To>
SKIPMAX_INLINE bool sparse_rows(const E* weights, int first_row, value_panels<E> v, index keys,
                                index most, const To& to, index width) {
  using T = number_of<E>;
  using layout = tile_layout<T, Isa>;
  constexpr index W = lanes<T, Isa>;
  constexpr int N = layout::registers == 32 || R == 1 ? 8 : 4;
  key_number list[room_of_list(layout::longest_tile)];
  weights += first_row * layout::weight_stride;
  const index count = list_nonzero_keys<Isa, R, layout::weight_stride>(weights, keys, list);
  if (count > most) return false;
  index x = 0;
  const auto panels = [&]<int Count>(std::integral_constant<int, Count>) SKIPMAX_LAMBDA {
    for (; x + Count * W <= width; x += Count * W)
      sparse_panel<Isa, E, R, Count>(weights, list, count, v, to, first_row, x);
  };
  panels(std::integral_constant<int, N>{});
  panels(std::integral_constant<int, N / 2>{});
  panels(std::integral_constant<int, 1>{});
  return true;
}

// How the rows of a block go along lists, and up to which share of the keys in the first one that is faster
// than the dense kernel. Two multiply-add units of latency 4 ask for eight sums side by side: rows of fewer
// registers go in pairs; a row by itself multiplies no zeros. Measured where both are as fast: a pair of 64
// numbers with AVX-512 (Zen 5) at 0.65; with AVX2 (Zen 3) a pair of 16 to 48 at 0.5, a row of 64 at 0.36, in
// double too; such a row with SSE at 0.6, in double at 0.48.
template <class E, class Isa>
struct list_rule {
  bool pairs;
  double share;

  SKIPMAX_INLINE static list_rule of(index width) {
    using T = number_of<E>;
    constexpr index bytes = sizeof(simd<T, Isa>);
    if (is_pair<E>) return {true, 0.25};
    if (bytes == 64) return {true, 0.6};
    if (width < 8 * lanes<T, Isa>) return {true, 0.5};
    return {false, bytes == 32 ? 0.36 : sizeof(T) == 4 ? 0.55 : 0.45};
  }
};

// Keys that all rows of the block see; width is in whole registers. False, and nothing done, if the dense
// kernel is the faster one, or asked for: the first list tells for all rows.
template <class Isa, class E, class To>
SKIPMAX_INLINE bool sparse_value_tile(skip_zeros policy, const E* weights, int rows,
                                      value_panels<E> v, index keys, const To& to, index width) {
  constexpr index few = 64;  // there is not enough to gain to look for it
  if (policy == skip_zeros::never || (policy == skip_zeros::where_faster && keys < few))
    return false;
  const list_rule<E, Isa> rule = list_rule<E, Isa>::of(width);
  index most = policy == skip_zeros::always
                   ? keys
                   : static_cast<index>(rule.share * static_cast<double>(keys));
  int row = 0;
  for (; rule.pairs && row + 2 <= rows; row += 2, most = keys)
    if (!sparse_rows<Isa, 2>(weights, row, v, keys, most, to, width)) return false;
  for (; row < rows; ++row, most = keys)
    if (!sparse_rows<Isa, 1>(weights, row, v, keys, most, to, width)) return false;
  return true;
}

}  // namespace v0
}  // namespace skipmax
