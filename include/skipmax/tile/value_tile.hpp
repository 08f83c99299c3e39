// out = (earlier + weights V) * factor * gate for one row block and the keys of one tile.
//
//   out[r][x] = (earlier[r][x] + sum_j weights[r][j] v[j][x]) * factor[r] * gate[r][x]
//   weights [MR][weight_stride], v [value panels][keys][NR], out and earlier [MR][stride]
//
// Weights and v are in numbers or in pairs of keys.
//
// The sum over the tile starts from zero and is then added to what earlier tiles left, if anything.
// Until the last tile the factor is 1, the gate nothing and out is scratch; then the factor is the
// normalizer's, and out the caller's.
#pragma once

#include <type_traits>

#include "skipmax/problem.hpp"
#include "skipmax/simd/gemm.hpp"
#include "skipmax/simd/prefetch.hpp"
#include "skipmax/tensor_view.hpp"
#include "skipmax/tile/layout.hpp"

namespace skipmax {
inline namespace v0 {

struct no_gate {
  template <class Isa, class V>
  SKIPMAX_INLINE V times_gate(index, index, V value) const {
    return value;
  }
};

template <class T, class Out = T, class Gate = no_gate>
struct value_output {
  row_matrix<const T> earlier;  // null data: nothing came before
  row_matrix<Out> out;
  const T* factor;  // [rows]
  Gate gate{};

  template <class Isa>
  SKIPMAX_INLINE simd<T, Isa> finished(index r, index x, simd<T, Isa> sum) const {
    return gate.template times_gate<Isa>(r, x, sum * simd<T, Isa>(factor[r]));
  }
};

template <class Isa, class T, int MR, int NV, class E, class To>
SKIPMAX_NOINLINE void value_panel(const E* weights, value_panels<E> v, index keys, const To& to,
                                  index x) {
  using V = simd<T, Isa>;
  if constexpr (requires { to.gate.g; })  // what was fetched earlier has left L1 since
    fetch_rows(columns_from(to.gate.g, x), MR, NV * lanes<T, Isa>);
  accumulators<T, Isa, MR, NV> sum;
  sum.clear();
  sum.template multiply_add<tile_layout<T, Isa>::weight_stride>(weights, v.template at<Isa>(0, x),
                                                                v.stride, keys);
  if (to.earlier.data)
    sum.for_each([&](int r, int c, V& value) SKIPMAX_LAMBDA {
      value =
          value + V::load_aligned(to.earlier.data + r * to.earlier.stride + x + c * lanes<T, Isa>);
    });
#pragma GCC unroll 16
  for (int r = 0; r < MR; ++r) {
    V row[NV];
#pragma GCC unroll 2
    for (int c = 0; c < NV; ++c)
      row[c] = to.template finished<Isa>(r, x + c * lanes<T, Isa>, sum.at[r][c]);
    store_sums<E, Isa, T>(to.out.data + r * to.out.stride + x, row);
  }
}

// Keys that all rows of the block see, in elements; width is in whole registers.
template <class Isa, class T, class E, class To>
SKIPMAX_INLINE void value_tile(const E* weights, int rows, value_panels<E> v, index keys,
                               const To& to, index width) {
  using layout = tile_layout<T, Isa>;
  constexpr index W = lanes<T, Isa>;
  with_row_count<layout::rows>(rows, [&]<int MR>(row_count<MR>) SKIPMAX_LAMBDA {
    index x = 0;
    for (; x + 2 * W <= width; x += 2 * W) value_panel<Isa, T, MR, 2>(weights, v, keys, to, x);
    if (x < width) value_panel<Isa, T, MR, 1>(weights, v, keys, to, x);
  });
}

// Register n of the values of key j from column x on.
template <class Isa, class T>
SKIPMAX_INLINE simd<T, Isa> load_values(value_panels<T> v, index j, index x, index n) {
  return simd<T, Isa>::load_aligned(v.template at<Isa>(j, x, n));
}
template <class Isa, class T>
SKIPMAX_INLINE simd<T, Isa> load_values(value_panels<bf16_pair> v, index j, index x, index n) {
  using bits = typename detail::half_lanes<lanes<T, Isa>>::bits;
  bits pairs;
  __builtin_memcpy(&pairs, v.at<Isa>(j / 2, x, n), sizeof pairs);
  pairs = j % 2 == 0 ? pairs << 16 : pairs & 0xffff0000u;
  return {__builtin_bit_cast(typename simd<T, Isa>::register_type, pairs)};
}

// Adds keys that one row sees and its block does not share, a handful at the edge of a mask. Takes
// panels of several registers, so that sums do not wait for each other. With SkipZeros values of
// zero weight are not read, as they may be NaN; if all are finite this changes no bit of the sum.
template <class Isa, bool SkipZeros, class T, class E>
SKIPMAX_NOINLINE void value_row(const E* weights, value_panels<E> v, key_range keys, T* out,
                                index width) {
  using V = simd<T, Isa>;
  constexpr index W = lanes<T, Isa>, N = 8;
  const auto panel = [&]<index Count>(index x,
                                      std::integral_constant<index, Count>) SKIPMAX_LAMBDA {
    V sum[Count];
#pragma GCC unroll 8
    for (index n = 0; n < Count; ++n) sum[n] = V(T(0));
    for (index j = keys.first; j < keys.last; ++j) {
      const T weight = packed_number(weights, j);
      if (SkipZeros && weight == T(0)) continue;
#pragma GCC unroll 8
      for (index n = 0; n < Count; ++n)
        sum[n] = compat::fma(V(weight), load_values<Isa, T>(v, j, x, n), sum[n]);
    }
#pragma GCC unroll 8
    for (index n = 0; n < Count; ++n)
      (V::load_aligned(out + x + n * W) + sum[n]).store_aligned(out + x + n * W);
  };
  index x = 0;
  for (; x + N * W <= width; x += N * W) panel(x, std::integral_constant<index, N>{});
  for (; x + 2 * W <= width; x += 2 * W) panel(x, std::integral_constant<index, 2>{});
  if (x < width) panel(x, std::integral_constant<index, 1>{});
}

// Whether all values of a tile are finite: only then is zero times each of them zero.
template <class Isa, class T, class E>
SKIPMAX_NOINLINE bool all_finite(value_panels<E> v, index keys, index width) {
  using V = simd<T, Isa>;
  V nothing(T(0));  // NaN once a value is not finite
  for (index j = 0; j < keys; ++j)
    for (index x = 0; x < width; x += lanes<T, Isa>)
      nothing = compat::fma(load_values<Isa, T>(v, j, x, 0), V(T(0)), nothing);
  return xsimd::all(nothing == nothing);
}

}  // namespace v0
}  // namespace skipmax
