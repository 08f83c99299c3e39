// Decode, and parts over shards of the keys, against the definition.
#pragma once

#include <algorithm>
#include <vector>

#include "skipmax/attention.hpp"
#include "skipmax/slice.hpp"
#include "support/check.hpp"

namespace support {

// What decode means: forward over sequences cut to their lengths, the last query at the last key.
template <class Attention>
auto as_forward(const Attention& a, const std::vector<index>& lengths) {
  const skipmax::key_lengths ends{lengths.data(), static_cast<index>(lengths.size())};
  return a.with(skipmax::both{skipmax::both{ends, skipmax::causal{}}, a.mask});
}

template <class T, class Attention, class... Execution>
void run_decode(const Attention& a, operands<T>& x, const std::vector<index>& lengths,
                Execution&&... execution) {
  a.decode(x.q.read(), x.k.read(), x.v.read(), lengths.data(), x.out.view(), execution...);
}

template <class T, class Attention>
void check_decode(const Attention& a, const problem& p, const std::vector<index>& lengths,
                  std::uint64_t seed = 1) {
  operands<T> x(p, seed, mixed_layouts(seed));
  const auto q = x.q.memory(), k = x.k.memory(), v = x.v.memory();
  run_decode(a, x, lengths);
  const auto forward = as_forward(a, lengths);
  EXPECT_TRUE(close(x.out.read(), expect(forward, x.q.read(), x.k.read(), x.v.read())))
      << text(p) << ", first of the lengths " << lengths[0];
  EXPECT_TRUE(x.out.guards_intact()) << "wrote outside of out; " << text(p);
  EXPECT_TRUE(x.q.same_memory(q) && x.k.same_memory(k) && x.v.same_memory(v))
      << "changed an input; " << text(p);
}

// Computes the shards between the cuts and merges them in order, into x.out.
template <class T, class Attention, class... Execution>
void run_in_parts(const Attention& a, operands<T>& x, const std::vector<index>& cuts,
                  Execution&&... execution) {
  skipmax::partial<T> all, part;
  for (std::size_t n = 0; n + 1 < cuts.size(); ++n) {
    a.forward_partial(x.q.read(), positions(x.k.read(), cuts[n], cuts[n + 1]),
                      positions(x.v.read(), cuts[n], cuts[n + 1]), {cuts[n], x.sizes.key_length},
                      n == 0 ? all : part, execution...);
    if (n > 0) a.merge(all, part);
  }
  a.finish(all, x.out.view());
}

}  // namespace support
