// Layer normalization of each row of one head (Ba et al. 2016, arXiv 1607.06450):
//
//   y = (x - mean) / sqrt(var + eps) * weight + bias,   mean and var over the dim of the row
//
// var is the mean of (x - mean)^2. Left as it is made, it is what Flax calls normalize_qk: a weight
// for all heads, no bias, eps 1e-6.
#pragma once

#include <type_traits>

#include "skipmax/row/head_vector.hpp"
#include "skipmax/row/row_lines.hpp"
#include "skipmax/row/row_sums.hpp"
#include "skipmax/row/row_transform.hpp"

namespace skipmax {
inline namespace v0 {

namespace detail {

// Of a step of rows: (x - center) * factor + shift has mean 0 and variance var / (var + eps).
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
  return {sum_within(sum), sum_within(squares)};
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

template <class V>
SKIPMAX_INLINE V layer_factor(V var, double eps) {
  return math::constant<V>(1) / math::sqrt(var + math::constant<V>(eps));
}

// The rows of `far`, whose mean is so large that x^2 hides the variance, once more around their mean.
// What that misses of the mean, for it does not fit one number of T, goes to the shift.
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
  const V factor = layer_factor(math::max(squares * of_dim - rest * rest, zero), eps);
  put(found.factor, factor);
  put(found.shift, -rest * factor);
  math::select(far, V::load_aligned(found.center), zero).store_aligned(found.center);
}

// Two passes over the rows are one too many where the mean is at most twice the deviation: then the
// variance from sums of x and x^2 has lost no more than 9 roundings. Which way a row goes depends on that
// row alone, and so do its bits.
template <class Isa, class T>
SKIPMAX_INLINE void find_statistics(row_matrix<const T> x, int rows, index dim, double eps,
                                    layer_statistics<Isa, T>& found) {
  using V = simd<T, Isa>;
  const V zero(T(0)), of_dim(static_cast<T>(1 / static_cast<double>(dim)));
  const auto [sum, squares] = find_moments<Isa, T>(x, rows, dim, nullptr);
  const V mean = sum * of_dim, square = mean * mean, var = squares * of_dim - square;
  const V factor = layer_factor(var, eps);
  factor.store_aligned(found.factor);
  (-mean * factor).store_aligned(found.shift);
  const auto far = square > V(T(4)) * var;
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

template <class T>
struct layer_norm {
  head_vector<T> weight{};
  head_vector<T> bias{};
  double eps = 1e-6;

  template <class Isa, class U>
  SKIPMAX_INLINE void forward(row_place first, row_matrix<const U> from, row_matrix<U> to,
                              index rows, index dim) const {
    static_assert(
        !(std::is_same_v<T, float> && std::is_same_v<U, double>),
        "skipmax: layer_norm: the weights are float, the tensors double: wanted one type");
    static_assert(
        !(std::is_same_v<T, double> && std::is_same_v<U, float>),
        "skipmax: layer_norm: the weights are double, the tensors float: wanted one type");
    if constexpr (std::is_same_v<T, U>) {
      using V = simd<T, Isa>;
      const T *weights = weight.row(first.head), *biases = bias.row(first.head);
      detail::layer_statistics<Isa, T> found[2];
      in_steps<Isa, T>(
          rows,
          [&](index r, int count, int place) SKIPMAX_LAMBDA {
            detail::find_statistics<Isa, T>(rows_from(from, r), count, dim, eps, found[place]);
          },
          [&](index r, int count, int place) SKIPMAX_LAMBDA {
            const auto& of = found[place];
            finish_rows<Isa, T>(
                rows_from(from, r), rows_from(to, r), count, dim,
                [&](int row) SKIPMAX_LAMBDA {
                  return detail::layer_line<V>{V(of.center[row]), V(of.factor[row]),
                                               V(of.shift[row])};
                },
                [&](index x) SKIPMAX_LAMBDA { return load_learned<Isa>(weights, x, dim, T(1)); },
                [&](index x) SKIPMAX_LAMBDA { return load_learned<Isa>(biases, x, dim, T(0)); });
          });
    }
  }

  SKIPMAX_INLINE void check(const problem&, index heads, index dim, error_message& error) const {
    weight.check("layer_norm", "weight", heads, dim, error);
    bias.check("layer_norm", "bias", heads, dim, error);
    if (error.empty() && !(eps >= 0 && eps - eps == 0))
      error << "row layer_norm: eps: found " << eps << ", wanted a finite number, not negative";
  }
};
template <class T>
layer_norm(head_vector<T>, head_vector<T> = {}, double = 0) -> layer_norm<T>;

}  // namespace v0
}  // namespace skipmax
