// The definition of every normalizer: the weights of the keys that one query row sees, from their
// scores s_j. h is the score function, L the divisor of the row.
//
//   softmax             exp(h(s_j)) / sum_l exp(h(s_l))      zeros if every h(s_j) is -inf
//   softmax_with_sinks  exp(h(s_j)) / (exp(sink of the head) + sum_l exp(h(s_l)))
//   by_length           h(s_j) / L^alpha
//   unnormalized        h(s_j)
//   minus_log_length    h(s_j - log L)
//
// A normalizer of your own needs a weights<Isa>() with the same parameters in its namespace.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "skipmax/normalize/by_length.hpp"
#include "skipmax/normalize/divisor.hpp"
#include "skipmax/normalize/minus_log_length.hpp"
#include "skipmax/normalize/softmax.hpp"
#include "skipmax/normalize/softmax_with_sinks.hpp"
#include "skipmax/normalize/unnormalized.hpp"
#include "skipmax/simd/isa.hpp"

namespace skipmax {
inline namespace v0 {
namespace reference {

// L of a row that sees `visible` of `all` keys.
template <class Isa>
double divisor_of(visible_keys, row_position, index visible, index) {
  return static_cast<double>(visible);
}
template <class Isa>
double divisor_of(all_keys, row_position, index, index all) {
  return static_cast<double>(all);
}
template <class Isa>
double divisor_of(fixed_number policy, row_position, index, index) {
  return policy.number;
}
template <class Isa>
double divisor_of(per_row policy, row_position at, index, index) {
  const index b = policy.batch == 1 ? 0 : at.batch;
  return policy.data[b * policy.rows + at.query];
}
template <class Isa, class Divisor>
double divisor_of(const Divisor& policy, row_position at, index visible, index all) {
  return policy.length(at, visible, all);
}

// `scores` are those of the visible keys only, at least one; `sink` is -infinity if there is none.
template <class Isa, class Score>
std::vector<double> softmax_weights(const Score& h, const std::vector<double>& scores,
                                    double sink) {
  std::vector<double> w;
  for (double s : scores) w.push_back(h.value(s));
  const double nothing = -std::numeric_limits<double>::infinity();
  if (std::all_of(w.begin(), w.end(), [=](double x) { return x == nothing; }))
    return std::vector<double>(w.size(), 0);
  const double largest = std::max(*std::max_element(w.begin(), w.end()), sink);
  double sum = std::exp(sink - largest);
  for (double& x : w) sum += x = std::exp(x - largest);
  for (double& x : w) x /= sum;
  return w;
}

template <class Isa, class Score>
std::vector<double> weights(softmax, const Score& h, row_position,
                            const std::vector<double>& scores) {
  return softmax_weights<Isa>(h, scores, -std::numeric_limits<double>::infinity());
}

template <class Isa, class Score>
std::vector<double> weights(const softmax_with_sinks& n, const Score& h, row_position at,
                            const std::vector<double>& scores) {
  return softmax_weights<Isa>(h, scores, static_cast<double>(n.sinks[at.head]));
}

template <class Isa, class Score, class Divisor>
std::vector<double> weights(const by_length<Divisor>& n, const Score& h, row_position at,
                            const std::vector<double>& scores) {
  const double length =
      divisor_of<Isa>(n.divisor, at, static_cast<index>(scores.size()), at.key_length);
  std::vector<double> w;
  for (double s : scores) w.push_back(h.value(s) / std::pow(length, n.alpha));
  return w;
}

template <class Isa, class Score>
std::vector<double> weights(unnormalized, const Score& h, row_position,
                            const std::vector<double>& scores) {
  std::vector<double> w;
  for (double s : scores) w.push_back(h.value(s));
  return w;
}

template <class Isa, class Score, class Divisor>
std::vector<double> weights(const minus_log_length<Divisor>& n, const Score& h, row_position at,
                            const std::vector<double>& scores) {
  const double length =
      divisor_of<Isa>(n.divisor, at, static_cast<index>(scores.size()), at.key_length);
  std::vector<double> w;
  for (double s : scores) w.push_back(h.value(s - std::log(length)));
  return w;
}

}  // namespace reference
}  // namespace v0
}  // namespace skipmax
