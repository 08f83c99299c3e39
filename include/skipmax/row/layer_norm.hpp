// Layer normalization of each row of one head (Ba et al. 2016, arXiv 1607.06450):
//
//   y = (x - mean) / sqrt(var + eps) * weight + bias,   mean and var over the dim of the row
//
// var is the mean of (x - mean)^2. With a weight for all heads and the defaults for the rest, no
// bias and eps 1e-6, it is Flax's normalize_qk.
#pragma once

#include <type_traits>

#include "skipmax/row/head_vector.hpp"
#include "skipmax/row/layer_statistics.hpp"
#include "skipmax/row/row_lines.hpp"
#include "skipmax/row/row_sums.hpp"
#include "skipmax/row/row_transform.hpp"

namespace skipmax {
inline namespace v0 {

template <class T>
struct layer_norm {
  head_vector<T> weight{};
  head_vector<T> bias{};
  double eps = 1e-6;

  template <class Isa, class U>
  SKIPMAX_INLINE void forward(row_place first, row_matrix<const U> from, row_matrix<U> to,
                              index rows, index dim) const {
    static_assert(std::is_same_v<computed_t<T>, U>,
                  "skipmax: layer_norm: the weights are of another type than the tensors: wanted "
                  "double beside double, float, bf16 or f16 beside these three");
    if constexpr (std::is_same_v<computed_t<T>, U>) {
      using V = simd<U, Isa>;
      const T *weights = weight.row(first.head), *biases = bias.row(first.head);
      detail::moments<V> sums{V(U(0)), V(U(0))};
      detail::layer_statistics<Isa, U> found;
      for_known_dim(dim, [&](index width) SKIPMAX_LAMBDA {
        in_steps<Isa, U>(
            rows,
            [&](index r, int count) SKIPMAX_LAMBDA {
              sums = detail::find_moments<Isa, U>(rows_from(from, r), count, width, nullptr);
            },
            [&](index r, int count) SKIPMAX_LAMBDA {
              detail::find_statistics<Isa, U>(rows_from(from, r), count, width, eps, sums, found);
            },
            [&](index r, int count) SKIPMAX_LAMBDA {
              write_rows<Isa, U>(
                  rows_from(from, r), rows_from(to, r), count, width,
                  [&](int row) SKIPMAX_LAMBDA {
                    return detail::layer_line<V>{V(found.center[row]), V(found.factor[row]),
                                                 V(found.shift[row])};
                  },
                  [&](index x)
                      SKIPMAX_LAMBDA { return load_learned<Isa>(weights, x, width, U(1)); },
                  [&](index x)
                      SKIPMAX_LAMBDA { return load_learned<Isa>(biases, x, width, U(0)); });
            });
      });
    }
  }

  SKIPMAX_INLINE void check(const problem&, index heads, index dim, error_message& error) const {
    weight.check("layer_norm", "weight", heads, dim, error);
    bias.check("layer_norm", "bias", heads, dim, error);
    if (error.empty() && !(eps >= 0 && __builtin_isfinite(eps)))
      error << "row layer_norm: eps: found " << eps << ", wanted a finite number, not negative";
  }
};
template <class T>
layer_norm(head_vector<T>, head_vector<T> = {}, double = 0) -> layer_norm<T>;

}  // namespace v0
}  // namespace skipmax
