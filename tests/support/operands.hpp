// The four tensors of one call: random q and k in [-2, 2), random v in [-1, 1), NaN in out.
#pragma once

#include <limits>
#include <string>

#include "skipmax/problem.hpp"
#include "support/tensor.hpp"

namespace support {

using skipmax::problem;

std::string text(const problem& p);  // its shapes

struct operand_layouts {
  layout q, k, v, out;
};

// Another combination of layouts for each n.
inline operand_layouts mixed_layouts(std::uint64_t n) {
  const auto pick = [&](std::uint64_t which) { return layouts[mixed(which, n) % layout_count]; };
  return {pick(1), pick(2), pick(3), pick(4)};
}

// K, V and Out are types of their own if given.
template <class Q, class K = Q, class V = Q, class Out = Q>
struct operands {
  static constexpr Out out_guard = number<Out>(-77.25);

  problem sizes;
  tensor<Q> q;
  tensor<K> k;
  tensor<V> v;
  tensor<Out> out;

  explicit operands(const problem& p, std::uint64_t seed = 1, operand_layouts l = {})
      : sizes(p),
        q(p.batch, p.query_length, p.heads, p.key_dim, l.q),
        k(p.batch, p.key_length, p.kv_heads, p.key_dim, l.k),
        v(p.batch, p.key_length, p.kv_heads, p.value_dim, l.v),
        out(p.batch, p.query_length, p.heads, p.value_dim, l.out, out_guard) {
    q.fill_uniform(4 * seed, -2, 2);
    k.fill_uniform(4 * seed + 1, -2, 2);
    v.fill_uniform(4 * seed + 2, -1, 1);
    out.fill(number<Out>(std::numeric_limits<double>::quiet_NaN()));
  }

  // Whole numbers, so that nothing rounds.
  void fill_whole(std::uint64_t seed, int low, int high) {
    q.fill_whole(4 * seed, low, high);
    k.fill_whole(4 * seed + 1, low, high);
    v.fill_whole(4 * seed + 2, low, high);
  }

  bool guards_intact() const {
    return q.guards_intact() && k.guards_intact() && v.guards_intact() && out.guards_intact();
  }
};

}  // namespace support
