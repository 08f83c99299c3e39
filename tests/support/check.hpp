// One call compared with the definition: every element within its tolerance, every guard untouched,
// every input as it was.
#pragma once

#include <gtest/gtest.h>

#include <cmath>

#include "support/operands.hpp"
#include "support/oracle.hpp"

namespace support {

// NaN never passes: a comparison with it is false.
template <class T>
::testing::AssertionResult close(tensor_view<const T> found, const expected& wanted) {
  std::size_t n = 0, row = 0;
  for (index b = 0; b < found.batch; ++b)
    for (index i = 0; i < found.length; ++i)
      for (index h = 0; h < found.heads; ++h, ++row)
        for (index x = 0; x < found.dim; ++x, ++n) {
          const double y = static_cast<double>(found.row(b, i, h)[x]);
          if (!(std::abs(y - wanted.out[n]) <= wanted.tolerance[row]))
            return ::testing::AssertionFailure()
                   << "out[batch " << b << ", query " << i << ", head " << h << ", " << x
                   << "]: found " << y << ", wanted " << wanted.out[n] << " +- "
                   << wanted.tolerance[row];
        }
  return ::testing::AssertionSuccess();
}

template <class T, class Attention>
void check_against_reference(const Attention& a, operands<T>& x) {
  const auto q = x.q.memory(), k = x.k.memory(), v = x.v.memory();
  a.forward(x.q.read(), x.k.read(), x.v.read(), x.out.view());
  EXPECT_TRUE(close(x.out.read(), expect(a, x.q.read(), x.k.read(), x.v.read()))) << text(x.sizes);
  EXPECT_TRUE(x.out.guards_intact()) << "wrote outside of out; " << text(x.sizes);
  EXPECT_TRUE(x.q.same_memory(q) && x.k.same_memory(k) && x.v.same_memory(v))
      << "changed an input; " << text(x.sizes);
}

template <class T, class Attention>
void check_against_reference(const Attention& a, const problem& p, std::uint64_t seed = 1) {
  operands<T> x(p, seed, mixed_layouts(seed));
  check_against_reference(a, x);
}

// One call on these operands, into x.out.
template <class Q, class K, class V, class Out, class Attention, class... Execution>
void run(const Attention& a, operands<Q, K, V, Out>& x, Execution&&... execution) {
  a.forward(x.q.read(), x.k.read(), x.v.read(), x.out.view(), execution...);
}

}  // namespace support
