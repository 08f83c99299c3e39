// Every mask, every kind of bias, norms and gates over 16-bit tensors; and what must not change a
// single bit.
#include "half.hpp"
#include "support/executors.hpp"
#include "support/prefix.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

TEST(half_masks, every_kind) {
  support::check_masks_of_any_kind<bf16, bf16, bf16, bf16>(relu_attention{}, 100);
  support::check_masks_of_any_kind<bf16, bf16, bf16, bf16>(softmax_attention{}, 200);
}

template <class T, class Attention>
void check_bits(const Attention& a) {
  for (const problem& p : {problem{1, 49, 49, 2, 2, 64, 64},
                           {3, 33, 65, 4, 2, 17, 33},
                           {1, 300, 1100, 2, 1, 8, 8},
                           {2, 97, 521, 1, 1, 100, 65}}) {
    for (int workers = 1; workers <= 3; ++workers)
      support::expect_same_as_serial<T>(a, p, support::shuffled{workers, 7}, "shuffled");
    support::operands<T> x(p, 7), alone(p, 7);
    support::run(a, x);
    for (index b = 0; b < p.batch; ++b)
      a.forward(sequence(x.q.read(), b), sequence(x.k.read(), b), sequence(x.v.read(), b),
                sequence(alone.out.view(), b));
    EXPECT_TRUE(support::same_bits(x.out.read(), alone.out.read())) << support::text(p);
    for (const support::layout& l : support::layouts) {
      support::operands<T> y(p, 7, {l, l, l, l});
      support::run(a, y);
      EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read())) << support::text(p);
      EXPECT_TRUE(y.out.guards_intact());
    }
  }
}

TEST(half_masks, any_executor_batch_and_layout) {
  check_bits<bf16>(relu_attention{});
  check_bits<bf16>(softmax_attention{}.with(causal{}));
}

TEST(half_masks, causal_rows_do_not_see_the_future) {
  support::check_prefix<bf16>(relu_attention{}.with(causal{}));
  support::check_prefix<bf16>(softmax_attention{}.with(causal{}));
}

// Learned numbers and gates may be stored in 16 bits too.
TEST(half_masks, norms_and_gates) {
  const problem p{2, 30, 40, 4, 2, 20, 23};
  support::operands<bf16> x(p);
  support::tensor<bf16> learned(1, 1, 1, 20), g(2, 30, 4, 23), of_head(2, 30, 4, 1);
  learned.fill_uniform(1, 0.5, 2);
  g.fill_uniform(2, -2, 2);
  of_head.fill_uniform(3, -2, 2);
  const head_vector<bf16> weight{learned.read().data, 20};
  const auto check = [&](const auto& a) {
    std::vector<double> wanted(2 * 30 * 4 * 23);
    reference::forward(a, x.q.read(), x.k.read(), x.v.read(), blhd(wanted.data(), 2, 30, 4, 23));
    support::run(a, x);
    double largest = 0;
    support::error_sum error;
    for (index b = 0, n = 0; b < 2; ++b)
      for (index i = 0; i < 30; ++i)
        for (index h = 0; h < 4; ++h)
          for (index d = 0; d < 23; ++d, ++n) {
            const double y = wanted[static_cast<std::size_t>(n)];
            error.add(std::abs(static_cast<double>(x.out.at(b, i, h, d)) - y));
            largest = std::max(largest, std::abs(y));
          }
    EXPECT_LE(error.largest, largest * 0x1p-8);
  };
  check(relu_attention{}.with(qk_layernorm{weight, weight}).with(gate{g.read(), silu{}}));
  check(relu_attention{}.with(qk_rmsnorm{weight, weight}).with(gate{of_head.read(), sigmoid{}}));
}

// Bytes are counted by each tensor's own type.
TEST(half_masks, an_overlap_of_different_types_is_refused) {
  std::vector<float> memory(64 * 8 + 64 * 8 + 32);
  auto* stored = reinterpret_cast<bf16*>(memory.data());
  const auto q = ld(stored, 64, 8), k = ld(stored + 64 * 8, 64, 8);
  const auto forward = [&](float* out) { relu_attention{}.forward(q, k, k, ld(out, 64, 8)); };
  EXPECT_THROW(forward(memory.data() + 64 * 8 - 1), std::invalid_argument);
  EXPECT_THROW(forward(memory.data() + 32 * 8), std::invalid_argument);
  EXPECT_NO_THROW(forward(memory.data() + 64 * 8));
}

}  // namespace
