// What an attention must give, from the definition in double, and how far off a result in T may be.
//
//   tolerance of row i = max|v| * sum_j ( slope_j ds + (16 + sqrt(L)) u weight_j )
//
//   u         half the distance from 1 to the next number of T, for T as the result is computed in
//   ds        what rounding does to a score: (4 + sqrt(d)) u scale |q_i| max|k_j|. The products of
//   d
//             pairs add up to at most |q||k|, and their rounding errors grow as sqrt(d).
//   slope_j   how much the weight moves with the scores: a central difference over +-1/1024, with
//             the sign alternating from key to key, as a common shift does not move softmax
//   weight_j  the larger of |w_j| for the scores and for their absolute values: a function that
//             vanishes for large negative s may do so by cancellation
//
// Zero where a row sees no key: such a row must be zeros exactly.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "skipmax/reference/forward.hpp"
#include "support/tensor.hpp"

namespace support {

struct expected {
  index heads = 0, length = 0, dim = 0;
  std::vector<double> out, tolerance;  // [batch, length, heads, dim] and [batch, length, heads]

  skipmax::tensor_view<const double> view(index batch) const {
    return skipmax::blhd(out.data(), batch, length, heads, dim);
  }
};

inline double norm(const std::vector<double>& row) {
  double sum = 0;
  for (double x : row) sum += x * x;
  return std::sqrt(sum);
}

template <class T>
std::vector<double> row_of(const T* row, index dim) {
  return std::vector<double>(row, row + dim);
}

template <class T, class Attention>
double tolerance_of_row(const Attention& a, tensor_view<const T> q, tensor_view<const T> k,
                        double largest_v, skipmax::row_position at,
                        const std::vector<index>& keys) {
  using isa = skipmax::native_isa;
  const std::vector<double> s = skipmax::reference::scores(a, q, k, at, keys);
  const double step = 0x1p-10;
  std::vector<double> up = s, down = s, positive = s;
  double largest_k = 0;
  for (std::size_t n = 0; n < s.size(); ++n) {
    up[n] += n % 2 ? step : -step;
    down[n] -= n % 2 ? step : -step;
    positive[n] = std::abs(s[n]);
    largest_k = std::max(
        largest_k, norm(row_of(k.row(at.batch, keys[n], at.head / (q.heads / k.heads)), k.dim)));
  }
  const auto weigh = [&](const std::vector<double>& scores) {
    return skipmax::reference::weights<isa>(a.normalizer, a.score, at, scores);
  };
  const std::vector<double> w = weigh(s), w_up = weigh(up), w_down = weigh(down),
                            w_positive = weigh(positive);
  double moved = 0, total = 0;
  for (std::size_t n = 0; n < s.size(); ++n) {
    moved += std::abs(w_up[n] - w_down[n]) / (2 * step);
    total += std::max(std::abs(w[n]), std::abs(w_positive[n]));
  }
  const double u = std::numeric_limits<T>::epsilon() / 2;
  const double ds = (4 + std::sqrt(static_cast<double>(q.dim))) * u *
                    std::abs(skipmax::reference::scale_of<isa>(a, q.dim)) *
                    norm(row_of(q.row(at.batch, at.query, at.head), q.dim)) * largest_k;
  return largest_v * (moved * ds + total * u * (16 + std::sqrt(static_cast<double>(keys.size()))));
}

template <class T, class Attention>
expected expect(const Attention& a, tensor_view<const T> q, tensor_view<const T> k,
                tensor_view<const T> v, double largest_v = 1) {
  expected e{q.heads, q.length, v.dim, {}, {}};
  e.out.resize(static_cast<std::size_t>(q.batch * q.length * q.heads * v.dim));
  skipmax::reference::forward(a, q, k, v,
                              skipmax::blhd(e.out.data(), q.batch, q.length, q.heads, v.dim));
  for (index b = 0; b < q.batch; ++b)
    for (index i = 0; i < q.length; ++i)
      for (index h = 0; h < q.heads; ++h) {
        const skipmax::row_position at{b, h, i, q.length, k.length};
        const auto keys = skipmax::reference::visible<skipmax::native_isa>(a.mask, at);
        e.tolerance.push_back(keys.empty() ? 0 : tolerance_of_row(a, q, k, largest_v, at, keys));
      }
  return e;
}

}  // namespace support
