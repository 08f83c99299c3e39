// Under a causal mask a row's bits do not depend on how many rows come after it.
#pragma once

#include "support/bits.hpp"
#include "support/check.hpp"

namespace support {

template <class T, class Attention>
void check_prefix(const Attention& a) {
  const problem p{1, 600, 600, 2, 1, 20, 17};
  operands<T> x(p, 8), prefix(p, 8);
  run(a, x);
  for (skipmax::index n :
       {1, 2, 5, 8, 13, 14, 15, 31, 64, 97, 127, 128, 129, 255, 256, 257, 300, 513, 599}) {
    const auto out = positions(prefix.out.view(), 0, n);
    a.forward(positions(x.q.read(), 0, n), positions(x.k.read(), 0, n), positions(x.v.read(), 0, n),
              out);
    EXPECT_TRUE(same_bits<T>(positions(x.out.read(), 0, n), out)) << n;
  }
}

}  // namespace support
