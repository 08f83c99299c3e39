// What 16-bit types may cost: twice the error of the simplest implementation that stores them.
//
//   scores    a float loop over the dim, times scale, through cap and bias
//   weights   the normalizer's, rounded to the type of v
//   out       a float loop over the keys, rounded to the type of out
//
// Errors are against the definition in double of the same stored numbers, relative to sum_j
// |weight_j v_j|, over any number of calls: the largest, and the root mean square. Float itself may
// add the 16 + sqrt(L) roundings that support/oracle.hpp allows, and those of the scores.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "skipmax/reference/forward.hpp"
#include "support/operands.hpp"

namespace support {

struct error_sum {
  double largest = 0, squares = 0;
  index count = 0;

  void add(double error) {
    if (!std::isnan(largest) && !(error <= largest)) largest = error;
    squares += error * error;
    ++count;
  }
  double mean() const { return std::sqrt(squares / static_cast<double>(count)); }
};

class half_errors {
 public:
  // One call, compared element by element. Rows that see no key must be zeros.
  template <class Attention, class Q, class K, class V, class Out>
  void add(const Attention& a, operands<Q, K, V, Out>& x) {
    using isa = skipmax::native_isa;
    a.forward(x.q.read(), x.k.read(), x.v.read(), x.out.view());
    const problem& p = x.sizes;
    for (index b = 0; b < p.batch; ++b)
      for (index h = 0; h < p.heads; ++h)
        for (index i = 0; i < p.query_length; ++i) {
          const skipmax::row_position at{b, h, i, p.query_length, p.key_length};
          const std::vector<index> keys = skipmax::reference::keys_of<isa>(a, at);
          if (keys.empty()) {
            for (index d = 0; d < p.value_dim; ++d)
              ASSERT_EQ(static_cast<float>(x.out.at(b, i, h, d)), 0) << text(p) << " row " << i;
            continue;
          }
          add_row(a, x, at, keys);
        }
    EXPECT_TRUE(x.guards_intact()) << text(p);
  }

  void expect_at_most_twice() const {
    EXPECT_LE(ours_.largest, 2 * plain_.largest + 1e-5);
    EXPECT_LE(ours_.mean(), 2 * plain_.mean() + 1e-6);
  }

 private:
  template <class Attention, class Q, class K, class V, class Out>
  void add_row(const Attention& a, const operands<Q, K, V, Out>& x, skipmax::row_position at,
               const std::vector<index>& keys) {
    using isa = skipmax::native_isa;
    const problem& p = x.sizes;
    const index kv_head = at.head / (p.heads / p.kv_heads);
    const std::vector<double> exact = skipmax::reference::weights<isa>(
        a.normalizer, a.score, at,
        skipmax::reference::scores<isa>(a, x.q.read(), x.k.read(), at, keys));
    std::vector<double> scores;
    for (index j : keys) {
      float sum = 0;
      for (index d = 0; d < p.key_dim; ++d)
        sum += static_cast<float>(x.q.at(at.batch, at.query, at.head, d)) *
               static_cast<float>(x.k.at(at.batch, j, kv_head, d));
      sum *= static_cast<float>(skipmax::reference::scale_of<isa>(a, p.key_dim));
      scores.push_back(a.cap.cap(static_cast<double>(sum)) + a.bias.template bias<double>(at, j));
    }
    const std::vector<double> weights =
        skipmax::reference::weights<isa>(a.normalizer, a.score, at, scores);
    for (index d = 0; d < p.value_dim; ++d) {
      double wanted = 0, size = 0;
      float sum = 0;
      for (std::size_t n = 0; n < keys.size(); ++n) {
        const V v = x.v.at(at.batch, keys[n], kv_head, d);
        wanted += exact[n] * static_cast<double>(v);
        size += std::abs(exact[n] * static_cast<double>(v));
        sum += static_cast<float>(number<V>(weights[n])) * static_cast<float>(v);
      }
      const auto found = static_cast<double>(x.out.at(at.batch, at.query, at.head, d));
      if (size == 0) {
        EXPECT_EQ(found, 0);
        continue;
      }
      ours_.add(std::abs(found - wanted) / size);
      plain_.add(std::abs(static_cast<double>(Out(sum)) - wanted) / size);
    }
  }

  error_sum ours_, plain_;
};

}  // namespace support
