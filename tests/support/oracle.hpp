// What an attention must give, from the definition in double, and how far off a result in T may be.
//
//   tolerance of row i = max|v| * sum_j ( slope_j ds + rounding weight_j )
//
//   ds        what rounding does to a score: (4 + sqrt(d)) u scale |q_i| max|k_j|. The products of
//             d pairs add up to at most |q||k|, and their rounding errors grow as sqrt(d).
//   u         half the distance from 1 to the next number of T
//   slope_j   how much the weight moves with the scores: a central difference over +-1/1024. The
//             scores move up and down from key to key in turn, or the heaviest key's against all
//             others, whichever moves the weights more: a common shift does not move softmax
//   weight_j  the larger of |w_j| at the scores s and at |s| + 1 (with log L subtracted from s if
//             the normalizer does so): a function that is small below 1, as gelu is, may be so by
//             cancellation
//   rounding  (16 + sqrt(L)) u for the weights and their sum, and L times the u of double for the
//             definition itself, which adds one by one
//
// The tolerance is zero if a row sees no key: such a row must be exactly zero.
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

// What a normalizer subtracts from every score.
template <class Normalizer>
double taken_off(const Normalizer&, skipmax::row_position, index) {
  return 0;
}
template <class Divisor>
double taken_off(const skipmax::minus_log_length<Divisor>& n, skipmax::row_position at,
                 index keys) {
  using skipmax::reference::divisor_of;
  return std::log(divisor_of<skipmax::native_isa>(n.divisor, at, keys, at.key_length));
}

// sum_j slope_j, when the scores that is_up names go up and the others down.
template <class Weigh, class IsUp>
double movement(const Weigh& weigh, const std::vector<double>& s, const IsUp& is_up) {
  const double step = 0x1p-10;
  std::vector<double> up = s, down = s;
  for (std::size_t n = 0; n < s.size(); ++n) {
    up[n] += is_up(n) ? step : -step;
    down[n] -= is_up(n) ? step : -step;
  }
  const std::vector<double> w_up = weigh(up), w_down = weigh(down);
  double moved = 0;
  for (std::size_t n = 0; n < s.size(); ++n) moved += std::abs(w_up[n] - w_down[n]) / (2 * step);
  return moved;
}

template <class T, class Attention>
double tolerance_of_row(const Attention& a, tensor_view<const T> q, tensor_view<const T> k,
                        double largest_v, skipmax::row_position at,
                        const std::vector<index>& keys) {
  using isa = skipmax::native_isa;
  const std::vector<double> s = skipmax::reference::scores(a, q, k, at, keys);
  double largest_k = 0;
  for (index j : keys)
    largest_k =
        std::max(largest_k, norm(row_of(k.row(at.batch, j, at.head / (q.heads / k.heads)), k.dim)));

  const auto weigh = [&](const std::vector<double>& scores) {
    return skipmax::reference::weights<isa>(a.normalizer, a.score, at, scores);
  };
  std::vector<double> positive = s;
  const double off = taken_off(a.normalizer, at, static_cast<index>(keys.size()));
  for (double& x : positive) x = std::abs(x - off) + 1 + off;
  const std::vector<double> w = weigh(s), w_positive = weigh(positive);
  double total = 0;
  std::size_t heaviest = 0;
  for (std::size_t n = 0; n < s.size(); ++n) {
    total += std::max(std::abs(w[n]), std::abs(w_positive[n]));
    if (std::abs(w[n]) > std::abs(w[heaviest])) heaviest = n;
  }
  const double moved = std::max(movement(weigh, s, [](std::size_t n) { return n % 2 == 0; }),
                                movement(weigh, s, [=](std::size_t n) { return n == heaviest; }));
  const double u = std::numeric_limits<T>::epsilon() / 2;
  const double length = static_cast<double>(keys.size());
  const double ds = (4 + std::sqrt(static_cast<double>(q.dim))) * u *
                    std::abs(skipmax::reference::scale_of<isa>(a, q.dim)) *
                    norm(row_of(q.row(at.batch, at.query, at.head), q.dim)) * largest_k;
  const double rounding = (16 + std::sqrt(length)) * u + length * 0x1p-53;
  return largest_v * (moved * ds + total * rounding);
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
        const auto keys = skipmax::reference::keys_of(a, at);
        e.tolerance.push_back(keys.empty() ? 0 : tolerance_of_row(a, q, k, largest_v, at, keys));
      }
  return e;
}

}  // namespace support
