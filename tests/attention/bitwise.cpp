// What must not change a single bit: the executor, the rest of the batch, the layout, the
// alignment.
#include <vector>

#include "skipmax/attention.hpp"
#include "skipmax/execution/thread_pool.hpp"
#include "support/bits.hpp"
#include "support/executors.hpp"
#include "support/prefix.hpp"
#include "support/sanitized.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

// Some with fewer tasks than workers, some with many; rows left over, keys left over, several
// tiles.
const problem shapes[] = {{1, 1, 300, 1, 1, 64, 64},   {1, 49, 49, 2, 2, 64, 64},
                          {3, 33, 65, 4, 2, 17, 33},   {1, 700, 130, 1, 1, 16, 24},
                          {1, 300, 1100, 2, 1, 8, 8},  {2, 97, 521, 1, 1, 100, 65},
                          {1, 1050, 40, 1, 1, 64, 300}};

template <class T, class Attention>
void check_executors(const Attention& a) {
  for (const problem& p : shapes) {
    for (int workers = support::sanitized ? 3 : 1; workers <= 3; ++workers) {
      thread_pool pool(workers);
      support::expect_same_as_serial<T>(a, p, pool, "thread_pool");
      support::expect_same_as_serial<T>(a, p, support::reversed{workers}, "reversed");
      support::expect_same_as_serial<T>(a, p, support::shuffled{workers, 7}, "shuffled");
    }
    support::expect_same_as_serial<T>(a, p, support::shuffled{64, 8}, "shuffled, 64 workers");
  }
}

TEST(bitwise, any_executor_relu) {
  check_executors<float>(relu_attention{});
}
TEST(bitwise, any_executor_softmax) {
  check_executors<float>(softmax_attention{});
}
TEST(bitwise, any_executor_relu_causal) {
  check_executors<float>(relu_attention{}.with(causal{}));
}
TEST(bitwise, any_executor_softmax_causal) {
  check_executors<float>(softmax_attention{}.with(causal{}));
}
TEST(bitwise, any_executor_sigmoid_causal_double) {
  check_executors<double>(sigmoid_attention{}.with(causal{}));
}
TEST(bitwise, any_executor_softmax_causal_double) {
  check_executors<double>(softmax_attention{}.with(causal{}));
}

// Tasks of heads that share a bias come in another order, in smaller blocks.
TEST(bitwise, bias_shared_by_heads_or_given_for_each) {
  const problem p{2, 620, 40, 3, 1, 8, 16};
  const std::size_t of_head = 620 * 40;
  std::vector<float> shared(of_head), of_each;
  for (std::size_t i = 0; i < of_head; ++i) shared[i] = static_cast<float>(i % 13) / 8 - 1;
  for (int h = 0; h < 3; ++h) of_each.insert(of_each.end(), shared.begin(), shared.end());
  const auto a = relu_attention{}.with(dense_bias{shared.data(), 1, 1, 620, 40});
  support::operands<float> x(p, 9), y(p, 9);
  support::run(a, x);
  support::run(relu_attention{}.with(dense_bias{of_each.data(), 1, 3, 620, 40}), y);
  EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read()));
  support::expect_same_as_serial<float>(a, p, support::shuffled{3, 7}, "shuffled");
}

// Each sequence alone gives what it gives in its batch; make(b, n) is the mask of sequences b ..
// b+n.
template <class T, class Attention, class MakeMask>
void check_batch(const Attention& a, const MakeMask& make) {
  for (problem p : shapes) {
    p.batch = 3;
    support::operands<T> x(p, 5), alone(p, 5);
    support::run(a.with(make(0, 3)), x);
    for (index b = 0; b < p.batch; ++b)
      a.with(make(b, 1))
          .forward(sequence(x.q.read(), b), sequence(x.k.read(), b), sequence(x.v.read(), b),
                   sequence(alone.out.view(), b));
    EXPECT_TRUE(support::same_bits(x.out.read(), alone.out.read())) << support::text(p);
  }
}

TEST(bitwise, alone_or_in_a_batch) {
  const index lengths[] = {31, 1, 40};
  const auto none = [](index, index) { return no_mask{}; };
  const auto diagonal = [](index, index) { return causal{}; };
  const auto padded = [&](index b, index n) { return both{key_lengths{lengths + b, n}, causal{}}; };
  check_batch<float>(relu_attention{}, none);
  check_batch<float>(softmax_attention{}, none);
  check_batch<float>(relu_attention{}, diagonal);
  check_batch<float>(softmax_attention{}, diagonal);
  check_batch<float>(relu_attention{}, padded);
  check_batch<float>(softmax_attention{}, padded);
  check_batch<double>(softmax_attention{}, none);
}

// Only the length of a sequence counts, not how far its batch is padded.
template <class T, class Attention>
void check_padding(const Attention& a) {
  const index length = 150;
  const problem exact{1, 20, length, 2, 1, 24, 16}, padded{1, 20, 2 * length, 2, 1, 24, 16};
  support::operands<T> x(exact, 6), y(padded, 6);
  y.q.copy_from(x.q);
  y.k.fill(std::numeric_limits<T>::quiet_NaN());
  y.v.fill(std::numeric_limits<T>::infinity());
  for (index j = 0; j < length; ++j)
    for (index d = 0; d < exact.key_dim; ++d) y.k.at(0, j, 0, d) = x.k.at(0, j, 0, d);
  for (index j = 0; j < length; ++j)
    for (index d = 0; d < exact.value_dim; ++d) y.v.at(0, j, 0, d) = x.v.at(0, j, 0, d);
  support::run(a, x);
  support::run(a.with(key_lengths{&length, 1}), y);
  EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read()));
}

TEST(bitwise, with_or_without_padding) {
  check_padding<float>(relu_attention{});
  check_padding<float>(softmax_attention{});
  check_padding<double>(relu_attention{});
  check_padding<double>(softmax_attention{});
}

template <class T, class Attention>
void check_layouts(const Attention& a) {
  for (const problem& p : shapes) {
    support::operands<T> x(p, 7);
    support::run(a, x);
    for (const support::layout& l : support::layouts) {
      support::operands<T> y(p, 7, {l, l, l, l});
      support::run(a, y);
      EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read()))
          << support::text(p) << ", layout " << l.order << ", gap " << l.gap << ", offset "
          << l.offset;
      EXPECT_TRUE(y.out.guards_intact());
    }
  }
}

TEST(bitwise, any_layout_and_alignment_relu_float) {
  check_layouts<float>(relu_attention{});
}
TEST(bitwise, any_layout_and_alignment_softmax_float) {
  check_layouts<float>(softmax_attention{});
}
TEST(bitwise, any_layout_and_alignment_relu_double) {
  check_layouts<double>(relu_attention{});
}
TEST(bitwise, any_layout_and_alignment_softmax_double) {
  check_layouts<double>(softmax_attention{});
}

TEST(bitwise, causal_rows_do_not_see_the_future_relu_float) {
  support::check_prefix<float>(relu_attention{}.with(causal{}));
}
TEST(bitwise, causal_rows_do_not_see_the_future_relu_double) {
  support::check_prefix<double>(relu_attention{}.with(causal{}));
}
TEST(bitwise, causal_rows_do_not_see_the_future_softmax_float) {
  support::check_prefix<float>(softmax_attention{}.with(causal{}));
}
TEST(bitwise, causal_rows_do_not_see_the_future_softmax_double) {
  support::check_prefix<double>(softmax_attention{}.with(causal{}));
}
TEST(bitwise, causal_rows_do_not_see_the_future_gelu_float) {
  support::check_prefix<float>(relu_attention{}.with(gelu{}).with(causal{}));
}

}  // namespace
