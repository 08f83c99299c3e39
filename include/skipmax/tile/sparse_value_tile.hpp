// out = (earlier + weights V) * factor * gate as in tile/value_tile, over keys of nonzero weight.
//
// A key costs a row as many multiply-adds as in the dense kernel, but each reads v from the cache:
// what is saved is the share of zeros, less the list. Keys are summed in the same order: the bits
// are those of the dense kernel, except for values that are not finite and the sign of a zero.
#pragma once

#include <type_traits>

#include "skipmax/skip_zeros.hpp"
#include "skipmax/tile/nonzero_keys.hpp"
#include "skipmax/tile/value_tile.hpp"

namespace skipmax {
inline namespace v0 {

// R rows at a time, over the keys that any of them needs. Two rows share their loads of v, one
// list, and one loop, whose end is hard to predict.
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
  const E* panel[ceil_div(N, NV)];  // here, since g++ would compute them again for each key
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

// Whether rows share lists in pairs, and the largest share of keys in the first list with which
// lists are faster than the dense kernel. Two multiply-add units of latency 4 need eight sums in
// flight: rows of fewer registers go in pairs. A row by itself multiplies no zeros. Measured
// break-even shares: 0.65 for a pair of rows of 64 numbers with AVX-512 (Zen 5); 0.5 for a pair of
// 16 to 48 and 0.34 to 0.36 for a row of 64 to 256 with AVX2 (Zen 3); 0.6 for a row of 64 with SSE,
// 0.48 in double. All but the AVX2 rows were measured before columns were divided; pairs of bf16 go
// by a count of instructions.
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
    return {false, bytes == 32 ? 0.33 : sizeof(T) == 4 ? 0.55 : 0.45};
  }
};

// The listed keys of one row or of a pair.
template <class T, class Isa>
struct key_list {
  key_number at[room_of_list(tile_layout<T, Isa>::longest_tile)];
  index count;
};

// For keys that all rows of the block see; width is in whole registers. Returns false and does
// nothing if the policy is never, or if it is where_faster and the dense kernel is faster, as
// judged by the first list. Takes a few columns at a time, so that the v that one row reads is in
// the cache for the next.
template <class Isa, class E, class To>
SKIPMAX_INLINE bool sparse_value_tile(skip_zeros policy, const E* weights, int rows,
                                      value_panels<E> v, index keys, const To& to, index width) {
  constexpr index few = 64;  // too few to gain more than the list costs
  if (policy == skip_zeros::never || (policy == skip_zeros::where_faster && keys < few))
    return false;
  using T = number_of<E>;
  using layout = tile_layout<T, Isa>;
  constexpr index W = lanes<T, Isa>, stride = layout::weight_stride;
  const list_rule<E, Isa> rule = list_rule<E, Isa>::of(width);
  const auto for_each_list = [&](const auto& f) SKIPMAX_LAMBDA {
    int row = 0;
    for (; rule.pairs && row + 2 <= rows; row += 2)
      if (!f(std::integral_constant<int, 2>{}, row)) return false;
    for (; row < rows; ++row)
      if (!f(std::integral_constant<int, 1>{}, row)) return false;
    return true;
  };
  index most = policy == skip_zeros::always
                   ? keys
                   : static_cast<index>(rule.share * static_cast<double>(keys));
  key_list<T, Isa> lists[layout::rows];
  const bool sparse =
      for_each_list([&]<int R>(std::integral_constant<int, R>, int row) SKIPMAX_LAMBDA {
        lists[row].count =
            list_nonzero_keys<Isa, R, stride>(weights + row * stride, keys, lists[row].at);
        const bool enough = lists[row].count <= most;
        most = keys;
        return enough;
      });
  if (!sparse) return false;
  index x = 0;
  const auto panels = [&]<int N>(std::integral_constant<int, N>) SKIPMAX_LAMBDA {
    for (; x + N * W <= width; x += N * W)
      for_each_list([&]<int R>(std::integral_constant<int, R>, int row) SKIPMAX_LAMBDA {
        if constexpr (R * N < layout::registers)
          sparse_panel<Isa, E, R, N>(weights + row * stride, lists[row].at, lists[row].count, v, to,
                                     row, x);
        return true;
      });
  };
  const bool room = layout::registers == 32 || !rule.pairs;  // registers for eight sums of each row
  if (room) panels(std::integral_constant<int, 8>{});
  panels(std::integral_constant<int, 4>{});
  if constexpr (layout::registers == 16) panels(std::integral_constant<int, 2>{});
  panels(std::integral_constant<int, 1>{});
  return true;
}

}  // namespace v0
}  // namespace skipmax
