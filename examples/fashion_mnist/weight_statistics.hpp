// What the weights of an attention look like, and how far its output is from the definition.
#pragma once

#include <algorithm>
#include <cmath>
#include <skipmax/reference/forward.hpp>
#include <vector>

using view = skipmax::tensor_view<float>;
using const_view = skipmax::tensor_view<const float>;

struct row_sums {
  double mean, least, most;
};

// The sums of the weights of the query rows: the attention over values that are all 1.
template <class Attention, class Executor>
row_sums sums_of_weights(const Attention& a, const_view q, const_view k, Executor& executor) {
  const std::vector<float> ones(static_cast<std::size_t>(k.batch * k.length * k.heads), 1);
  std::vector<float> sums(static_cast<std::size_t>(q.batch * q.length * q.heads));
  a.forward(q, k, skipmax::blhd(ones.data(), k.batch, k.length, k.heads, 1),
            skipmax::blhd(sums.data(), q.batch, q.length, q.heads, 1), executor);
  double sum = 0;
  for (const float one : sums) sum += one;
  const auto [least, most] = std::minmax_element(sums.begin(), sums.end());
  return {sum / static_cast<double>(sums.size()), *least, *most};
}

// Whether a weight is exactly 0 as the library computes it, in float: double can hold smaller ones.
// score and weight are the definition's, of a row that sees `keys` keys.
template <class Attention>
bool is_zero_in_float(const Attention& a, skipmax::row_position at, skipmax::index keys,
                      double score, double weight) {
  using normalizer = decltype(a.normalizer);
  if constexpr (!skipmax::is_pointwise<normalizer>) {
    return static_cast<float>(weight) == 0;
  } else {
    if constexpr (skipmax::shifts_scores<normalizer>)
      score += a.normalizer.shift(a.normalizer.length(at, keys, keys));
    return a.score.value(static_cast<float>(score)) == 0;
  }
}

struct comparison {
  double zeros;  // share of weights that are exactly 0
  double error;  // largest difference of out, relative to the largest output
};

// Compares with the definition in double, which gives every weight. It is too slow for all rows, so
// 101 are taken, spread over batch, heads and length.
template <class Attention>
comparison compare_with_definition(const Attention& a, const_view q, const_view k, const_view v,
                                   const_view out) {
  const skipmax::index rows = q.batch * q.heads * q.length;
  const skipmax::index checked = std::min<skipmax::index>(rows, 101);
  double zeros = 0, largest = 0, worst = 0;
  std::vector<double> wanted(static_cast<std::size_t>(v.dim));
  for (skipmax::index n = 0; n < checked; ++n) {
    const skipmax::index row = n * rows / checked, batch_and_head = row / q.length;
    const skipmax::row_position at{batch_and_head / q.heads, batch_and_head % q.heads,
                                   row % q.length, q.length, k.length};
    const auto keys = skipmax::reference::visible<skipmax::native_isa>(a.mask, at);
    const auto scores = skipmax::reference::scores(a, q, k, at, keys);
    const auto weights =
        skipmax::reference::weights<skipmax::native_isa>(a.normalizer, a.score, at, scores);
    for (std::size_t j = 0; j < keys.size(); ++j)
      zeros += is_zero_in_float(a, at, k.length, scores[j], weights[j]);

    skipmax::reference::forward_row(a, q, k, v, at, wanted.data());
    const float* found = out.row(at.batch, at.query, at.head);
    for (const double value : wanted) {
      largest = std::max(largest, std::abs(value));
      const double difference = std::abs(*found++ - value);
      if (!(difference <= worst)) worst = difference;  // a NaN stays, and is no small error
      if (std::isnan(worst)) return {zeros, worst};
    }
  }
  return {zeros / static_cast<double>(checked * k.length), worst / largest};
}
