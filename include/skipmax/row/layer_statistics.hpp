// What layer normalization needs of each row:
//
//   (x - mean) / sqrt(var + eps) = (x - center) * factor + shift
//
// The formula takes two passes over a row. One is enough if the mean is at most twice sqrt(var +
// eps): then the variance comes from the sums of x and x^2, which multiplies its rounding by 9 at
// most, and center is 0. Other rows, rare among q and k, are read a second time. The choice depends
// on the row alone, and so do its bits.
#pragma once

#include "skipmax/row/row_sums.hpp"

namespace skipmax {
inline namespace v0 {

namespace detail {

// Those of a step of rows.
template <class Isa, class T>
struct layer_statistics {
  alignas(64) T center[lanes<T, Isa>], factor[lanes<T, Isa>], shift[lanes<T, Isa>];
};

// Sums of a step of rows, a row in each lane.
template <class V>
struct moments {
  V sum, squares;
};

// The sums of x - center and of its squares, over dim elements of each row of one group.
template <class Isa, class T>
SKIPMAX_INLINE moments<simd<T, Isa>> group_moments(row_matrix<const T> x, int rows, index dim,
                                                   const T* center) {
  using V = simd<T, Isa>;
  constexpr int E = row_group<T>;
  V sum[E], squares[E];
#pragma GCC unroll 4
  for (int e = 0; e < E; ++e) sum[e] = squares[e] = V(T(0));
  each_register<Isa, T>(x, rows, dim, [&](int e, V v, auto keep) SKIPMAX_LAMBDA {
    const V d = keep(center ? v - V(center[e]) : v);
    sum[e] = sum[e] + d;
    squares[e] = math::fma(d, d, squares[e]);
  });
  return {reduce_within_128_bits(sum, plus{}), reduce_within_128_bits(squares, plus{})};
}

// The same for a step of up to two groups.
template <class Isa, class T>
SKIPMAX_INLINE moments<simd<T, Isa>> find_moments(row_matrix<const T> x, int rows, index dim,
                                                  const T* center) {
  constexpr int E = row_group<T>;
  const auto first = group_moments<Isa>(x, rows, dim, center);
  auto second = first;
  if (rows > E)
    second = group_moments<Isa>(rows_from(x, E), rows - E, dim, center ? center + E : nullptr);
  return {sum_across(first.sum, second.sum), sum_across(first.squares, second.squares)};
}

// Does the rows in `far`, whose mean is so large that x^2 hides the variance, again around their
// mean. What rounding to T leaves off the mean goes into the shift.
template <class Isa, class T, class Mask>
SKIPMAX_NOINLINE void find_centered(row_matrix<const T> x, int rows, index dim, double eps,
                                    Mask far, layer_statistics<Isa, T>& found) {
  using V = simd<T, Isa>;
  const V zero(T(0)), of_dim(static_cast<T>(1 / static_cast<double>(dim)));
  const auto put = [&](T* to, V value) SKIPMAX_LAMBDA {
    math::select(far, value, V::load_aligned(to)).store_aligned(to);
  };
  const auto [sum, squares] = find_moments<Isa, T>(x, rows, dim, found.center);
  const V rest = sum * of_dim;
  const V var = math::max(squares * of_dim - rest * rest, zero);
  const V factor = math::divide(V(T(1)), math::sqrt(var + math::constant<V>(eps)));
  put(found.factor, factor);
  put(found.shift, -rest * factor);
  math::select(far, V::load_aligned(found.center), zero).store_aligned(found.center);
}

// Finds the statistics from the moments of the rows around 0.
template <class Isa, class T>
SKIPMAX_INLINE void find_statistics(row_matrix<const T> x, int rows, index dim, double eps,
                                    const moments<simd<T, Isa>>& sums,
                                    layer_statistics<Isa, T>& found) {
  using V = simd<T, Isa>;
  const V zero(T(0)), of_dim(static_cast<T>(1 / static_cast<double>(dim)));
  const V mean = sums.sum * of_dim, square = mean * mean;
  const V spread = sums.squares * of_dim - square + math::constant<V>(eps);
  const V factor = math::divide(V(T(1)), math::sqrt(spread));
  factor.store_aligned(found.factor);
  (-mean * factor).store_aligned(found.shift);
  const auto far = square > V(T(4)) * spread;
  if (!xsimd::any(far)) {
    zero.store_aligned(found.center);
  } else {
    mean.store_aligned(found.center);
    find_centered<Isa, T>(x, rows, dim, eps, far, found);
  }
}

template <class V>
struct layer_line {
  V center, factor, shift;

  SKIPMAX_INLINE V value(V x, V weight, V bias) const {
    return math::fma(math::fma(x - center, factor, shift), weight, bias);
  }
};

}  // namespace detail
}  // namespace v0
}  // namespace skipmax
