// Scratch: none is allocated when the caller brings a workspace, and it does not grow with the
// length.
#include "skipmax/attention.hpp"
#include "skipmax/execution/thread_pool.hpp"
#include "support/bits.hpp"
#include "support/count_allocations.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

template <class Call>
int allocations_of(const Call& call) {
  const int before = support::allocations;
  call();
  return support::allocations - before;
}

template <class T, class Attention>
void check_no_allocation(const Attention& a) {
  support::operands<T> x({2, 100, 300, 4, 2, 24, 40}), smaller({1, 20, 30, 2, 1, 8, 8});
  workspace scratch;
  const auto forward = [&](support::operands<T>& o, auto&& executor) {
    a.forward(o.q.read(), o.k.read(), o.v.read(), o.out.view(), executor, scratch);
  };
  EXPECT_EQ(allocations_of([&] { forward(x, serial{}); }), 1);
  EXPECT_EQ(allocations_of([&] { forward(x, serial{}); }), 0);
  EXPECT_EQ(allocations_of([&] { forward(smaller, serial{}); }), 0);
  EXPECT_EQ(allocations_of([&] {
              a.forward(x.q.read(), x.k.read(), x.v.read(), x.out.view(), serial{}, &scratch);
            }),
            0);

  const thread_pool pool(3);
  forward(x, pool);  // one slice for each worker
  EXPECT_EQ(allocations_of([&] { forward(x, pool); }), 0);
  EXPECT_EQ(allocations_of([&] { forward(smaller, pool); }), 0);
}

TEST(memory, a_workspace_is_the_only_allocation) {
  check_no_allocation<float>(relu_attention{});
  check_no_allocation<float>(softmax_attention{});
  check_no_allocation<float>(softmax_attention{}.with(causal{}));
  check_no_allocation<double>(sigmoid_attention{});
}

TEST(memory, a_partial_is_what_it_was_where_memory_is_short) {
  const relu_attention a;
  support::operands<float> x({2, 9, 1300, 4, 2, 20, 24});
  partial<float> part;
  const auto attend = [&] {
    a.forward_partial(x.q.read(), x.k.read(), x.v.read(), {0, 1300}, part);
  };
  attend();
  const std::vector<float> before(part.data(), part.data() + part.size());
  support::allocations_left = 0;
  EXPECT_THROW(attend(), std::bad_alloc);
  support::allocations_left = 1 << 30;
  EXPECT_EQ(std::vector<float>(part.data(), part.data() + part.size()), before);
}

TEST(memory, decode_allocates_only_its_workspace) {
  support::operands<float> x({2, 2, 3000, 4, 2, 24, 40});
  const index lengths[] = {3000, 1200};
  workspace scratch;
  const thread_pool pool(3);
  const auto decode = [&](auto&& executor) {
    softmax_attention{}.decode(x.q.read(), x.k.read(), x.v.read(), lengths, x.out.view(), executor,
                               scratch);
  };
  decode(pool);
  EXPECT_EQ(allocations_of([&] { decode(pool); }), 0);
  EXPECT_EQ(allocations_of([&] { decode(serial{}); }), 0);
}

TEST(memory, a_workspace_changes_no_bit) {
  // What an earlier call left behind does not matter.
  workspace scratch;
  support::operands<float> first({1, 300, 700, 2, 1, 64, 64});
  first.k.fill(std::numeric_limits<float>::quiet_NaN());
  first.v.fill(std::numeric_limits<float>::quiet_NaN());
  for (const problem& p : {problem{1, 9, 31, 2, 1, 17, 19}, {1, 65, 300, 1, 1, 64, 64}}) {
    support::operands<float> x(p), y(p);
    support::run(softmax_attention{}, x);
    support::run(softmax_attention{}, first, serial{}, scratch);
    support::run(softmax_attention{}, y, serial{}, scratch);
    EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read())) << support::text(p);
    support::run(relu_attention{}, x);
    support::run(relu_attention{}, first, serial{}, scratch);
    support::run(relu_attention{}, y, serial{}, scratch);
    EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read())) << support::text(p);
  }
}

template <class Attention>
index scratch_of(const Attention& a, index queries, index keys) {
  support::operands<float> x({1, queries, keys, 1, 1, 64, 64});
  workspace scratch;
  support::run(a, x, serial{}, scratch);
  return scratch.bytes();
}

TEST(memory, scratch_does_not_grow_with_the_length) {
  EXPECT_EQ(scratch_of(relu_attention{}, 2000, 1024), scratch_of(relu_attention{}, 2000, 5000));
  EXPECT_LT(scratch_of(relu_attention{}, 2000, 2000), 4 << 20);
  EXPECT_LT(scratch_of(softmax_attention{}, 2000, 2000), 4 << 20);
  EXPECT_LE(scratch_of(softmax_attention{}, 5000, 600), scratch_of(softmax_attention{}, 2000, 600));
}

}  // namespace
