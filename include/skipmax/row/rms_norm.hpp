// Root mean square normalization of each row of one head (Zhang and Sennrich 2019, arXiv
// 1910.07467):
//
//   y = x / sqrt(mean(x^2) + eps) * weight          or * (1 + weight), as in Gemma
//
// The mean is over the dim of the row. Without a weight, y = x / sqrt(mean(x^2) + eps).
#pragma once

#include <type_traits>

#include "skipmax/row/head_vector.hpp"
#include "skipmax/row/row_lines.hpp"
#include "skipmax/row/row_sums.hpp"
#include "skipmax/row/row_transform.hpp"

namespace skipmax {
inline namespace v0 {

namespace detail {

// The sums of x^2 over dim elements of each row of one group.
template <class Isa, class T>
SKIPMAX_INLINE simd<T, Isa> group_squares(row_matrix<const T> x, int rows, index dim) {
  using V = simd<T, Isa>;
  constexpr int E = row_group<T>;
  V squares[E];
#pragma GCC unroll 4
  for (int e = 0; e < E; ++e) squares[e] = V(T(0));
  each_register<Isa, T>(x, rows, dim, [&](int e, V v, auto keep) SKIPMAX_LAMBDA {
    const V inside = keep(v);
    squares[e] = math::fma(inside, inside, squares[e]);
  });
  return reduce_within_128_bits(squares, plus{});
}

// The same for a step of rows, a row in each lane.
template <class Isa, class T>
SKIPMAX_INLINE simd<T, Isa> find_squares(row_matrix<const T> x, int rows, index dim) {
  using V = simd<T, Isa>;
  constexpr int E = row_group<T>;
  const V first = group_squares<Isa>(x, rows, dim);
  const V second = rows > E ? group_squares<Isa>(rows_from(x, E), rows - E, dim) : first;
  return sum_across(first, second);
}

// factor[r] = 1 / sqrt(mean(x^2) + eps) of row r.
template <class Isa, class T>
SKIPMAX_INLINE void find_rms_factors(simd<T, Isa> squares, index dim, double eps, T* factor) {
  using V = simd<T, Isa>;
  const V mean = squares * V(static_cast<T>(1 / static_cast<double>(dim)));
  math::divide(V(T(1)), math::sqrt(mean + math::constant<V>(eps))).store_aligned(factor);
}

template <class V>
struct rms_line {
  V factor;

  SKIPMAX_INLINE V value(V x, V weight, V) const { return x * factor * weight; }
};

}  // namespace detail

template <class T>
struct rms_norm {
  head_vector<T> weight{};
  double eps = 1e-6;
  bool one_plus = false;

  template <class Isa, class U>
  SKIPMAX_INLINE void forward(row_place first, row_matrix<const U> from, row_matrix<U> to,
                              index rows, index dim) const {
    static_assert(
        std::is_same_v<computed_t<T>, U>,
        "skipmax: rms_norm: the weights are of another type than the tensors: wanted double beside "
        "double, float, bf16 or f16 beside these three");
    if constexpr (std::is_same_v<computed_t<T>, U>) {
      using V = simd<U, Isa>;
      const T* weights = weight.row(first.head);
      const V added(weights && one_plus ? U(1) : U(0));
      V squares(U(0));
      alignas(64) U factors[lanes<U, Isa>];
      for_known_dim(dim, [&](index width) SKIPMAX_LAMBDA {
        in_steps<Isa, U>(
            rows,
            [&](index r, int count) SKIPMAX_LAMBDA {
              squares = detail::find_squares<Isa, U>(rows_from(from, r), count, width);
            },
            [&](index, int)
                SKIPMAX_LAMBDA { detail::find_rms_factors<Isa, U>(squares, width, eps, factors); },
            [&](index r, int count) SKIPMAX_LAMBDA {
              write_rows<Isa, U>(
                  rows_from(from, r), rows_from(to, r), count, width,
                  [&](int row) SKIPMAX_LAMBDA { return detail::rms_line<V>{V(factors[row])}; },
                  [&](index x)
                      SKIPMAX_LAMBDA { return load_learned<Isa>(weights, x, width, U(1)) + added; },
                  [](index) SKIPMAX_LAMBDA { return V(U(0)); });
            });
      });
    }
  }

  SKIPMAX_INLINE void check(const problem&, index heads, index dim, error_message& error) const {
    weight.check("rms_norm", "weight", heads, dim, error);
    if (error.empty() && !(eps >= 0 && __builtin_isfinite(eps)))
      error << "row rms_norm: eps: found " << eps << ", wanted a finite number, not negative";
  }
};
template <class T>
rms_norm(head_vector<T>, double = 0, bool = false) -> rms_norm<T>;

}  // namespace v0
}  // namespace skipmax
