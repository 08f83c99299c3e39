// Calls whose tasks touch all that they share: under a race detector they show whether executors order
// their threads as they say.
#pragma once

#include "skipmax/attention.hpp"
#include "support/bits.hpp"
#include "support/operands.hpp"

namespace support {

template <class Executor>
void same_bits_as_serial(Executor&& executor) {
  using namespace skipmax;
  const auto check = [&](const auto& a) {
    workspace scratch;
    for (const problem& p : {problem{2, 130, 300, 3, 1, 24, 16}, problem{1, 1, 40, 2, 2, 8, 8}}) {
      operands<float> x(p, 3), y(p, 3);
      for (int call = 0; call < 3; ++call)
        a.forward(x.q.read(), x.k.read(), x.v.read(), x.out.view(), executor, scratch);
      a.forward(y.q.read(), y.k.read(), y.v.read(), y.out.view());
      EXPECT_TRUE(same_bits(x.out.read(), y.out.read())) << text(p);
    }
  };
  check(relu_attention{}.with(causal{}));
  check(softmax_attention{});
  const problem p{2, 2, 2500, 4, 2, 16, 16};  // decode: several parts a head, then their merge
  const index lengths[] = {2500, 1100};
  operands<float> x(p, 4), y(p, 4);
  workspace scratch;
  softmax_attention{}.decode(x.q.read(), x.k.read(), x.v.read(), lengths, x.out.view(), executor,
                             scratch);
  softmax_attention{}.decode(y.q.read(), y.k.read(), y.v.read(), lengths, y.out.view());
  EXPECT_TRUE(same_bits(x.out.read(), y.out.read()));
}

}  // namespace support
