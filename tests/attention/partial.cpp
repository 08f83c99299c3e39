// Attention in parts over shards of the keys: merged and finished they are attention over all keys.
#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>

#include "skipmax/execution/thread_pool.hpp"
#include "support/any_dressing.hpp"
#include "support/bits.hpp"
#include "support/decode.hpp"
#include "support/executors.hpp"

namespace {

using namespace skipmax;
using skipmax::index;
using cuts = std::vector<index>;

const problem shape{2, 9, 1300, 4, 2, 20, 24};

template <class T, class Attention>
void check_parts(const Attention& a, const problem& p, const cuts& at, std::uint64_t seed = 1) {
  support::operands<T> x(p, seed, support::mixed_layouts(seed));
  support::run_in_parts(a, x, at);
  EXPECT_TRUE(support::close(x.out.read(), support::expect(a, x.q.read(), x.k.read(), x.v.read())))
      << support::text(p) << ", first cut at " << at[1];
  EXPECT_TRUE(x.out.guards_intact());
}

// What resize() leaves is an empty sum to merge into, whether scores are -120 or 120.
TEST(partial, zeros_change_nothing) {
  for (const float sign : {-1.0f, 1.0f}) {
    const float q[] = {1}, k[] = {120 * sign, 120 * sign}, v[] = {1, 2};
    const auto query = bhld<const float>(q, 1, 1, 1, 1);
    const auto keys = bhld<const float>(k, 1, 1, 2, 1), values = bhld<const float>(v, 1, 1, 2, 1);
    const softmax_attention f{};
    partial<float> part, sum;
    f.forward_partial(query, keys, values, key_shard{0, 2}, part);
    sum.resize(part.sizes());
    f.merge(sum, part);
    float out[] = {0};
    f.finish(sum, tensor_view<float>{out, 1, 1, 1, 1});
    EXPECT_FLOAT_EQ(out[0], 1.5f) << sign;
  }
}

TEST(partial, merged_parts_are_the_definition) {
  const cuts all[] = {
      {0, 1300}, {0, 700, 1300}, {0, 0, 1300}, {0, 37, 1025, 1300}, {0, 5, 5, 1300}};
  std::uint64_t seed = 1;
  for (const cuts& at : all) {
    check_parts<float>(softmax_attention{}, shape, at, ++seed);
    check_parts<float>(relu_attention{}.with(causal{}), shape, at, ++seed);
  }
  check_parts<double>(softmax_attention{}.with(causal{}), shape, {0, 100, 1300});
  check_parts<double>(sigmoid_attention{}, shape, {0, 1100, 1300});
}

TEST(partial, scores_of_very_different_size) {
  // the first shard far below the second, and the other way round
  support::operands<float> x({1, 2, 300, 1, 1, 8, 16}, 3);
  for (float high : {-30.0f, 30.0f}) {
    for (index i = 0; i < 2; ++i) x.q.at(0, i, 0, 0) = 8;
    for (index l = 0; l < 150; ++l) x.k.at(0, l, 0, 0) = high;
    support::run_in_parts(softmax_attention{}, x, {0, 150, 300});
    EXPECT_TRUE(support::close(
        x.out.read(), support::expect(softmax_attention{}, x.q.read(), x.k.read(), x.v.read())));
  }
}

TEST(partial, hidden_keys_count_over_all_shards) {
  support::dressing<float> with(shape, shape, 5);
  for (int kind = 0; kind < 2; ++kind) {
    const auto masked = softmax_attention{}.with(with.mask(6 + kind)).with(with.bias(3));
    check_parts<float>(masked.with(identity{}), shape, {0, 333, 1300});
    check_parts<float>(masked.with(relu{}).with(by_length{}), shape, {0, 333, 1300});
    check_parts<float>(masked.with(sigmoid{}).with(minus_log_length{}), shape, {0, 333, 1300});
  }
}

TEST(partial, point_wise_sums_of_whole_numbers_are_exact) {
  const problem p{1, 4, 512, 2, 1, 16, 8};
  support::operands<float> x(p), y(p);
  x.fill_whole(3, -3, 3);
  y.fill_whole(3, -3, 3);
  support::run(relu_attention{}, x);
  for (const cuts& at : {cuts{0, 512}, cuts{0, 100, 512}, cuts{0, 1, 300, 512}}) {
    support::run_in_parts(relu_attention{}, y, at);
    EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read())) << at[1];
  }
}

TEST(partial, bits_do_not_depend_on_workers) {
  support::operands<float> x({1, 3, 2500, 2, 1, 16, 32}), y({1, 3, 2500, 2, 1, 16, 32});
  workspace scratch;
  const thread_pool pool(2);
  support::run_in_parts(softmax_attention{}, x, {0, 2000, 2500});
  support::run_in_parts(softmax_attention{}, y, {0, 2000, 2500}, support::shuffled{3}, scratch);
  EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read()));
  support::run_in_parts(softmax_attention{}, y, {0, 2000, 2500}, pool);
  EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read()));
}

// Only the numbers of data() are sent.
TEST(partial, a_part_can_be_sent) {
  support::operands<float> x({1, 3, 100, 2, 1, 16, 20}), y({1, 3, 100, 2, 1, 16, 20});
  const softmax_attention a;
  support::run_in_parts(a, x, {0, 60, 100});
  partial<float> low, high, sent;
  a.forward_partial(y.q.read(), positions(y.k.read(), 0, 60), positions(y.v.read(), 0, 60),
                    {0, 100}, low);
  a.forward_partial(y.q.read(), positions(y.k.read(), 60, 100), positions(y.v.read(), 60, 100),
                    {60, 100}, high);
  sent.resize(low.sizes());
  std::copy(high.data(), high.data() + high.size(), sent.data());
  a.merge(low, sent);
  a.finish(low, y.out.view());
  EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read()));
}

template <class Call>
void expect_error(const Call& call, const std::string& start) {
  std::string text = "no error";
  try {
    call();
  } catch (const std::invalid_argument& error) {
    text = error.what();
  }
  EXPECT_EQ(text.rfind("skipmax: " + start, 0), 0u) << text;
}

TEST(partial, mistakes) {
  const relu_attention a;
  support::operands<float> x(shape);
  partial<float> part, other;
  const auto over = [&](key_shard shard) {
    return [&, shard] { a.forward_partial(x.q.read(), x.k.read(), x.v.read(), shard, part); };
  };
  expect_error(over({1, 1300}), "shard: found 1300 keys from 1 on, of 1300 keys, wanted");
  expect_error(over({-1, 1300}), "shard: found");
  expect_error(over({0, 1299}), "shard: found");
  const auto no_values = bhld(x.v.read().data, 1, 1, 1, 1);
  expect_error(
      [&] {
        a.forward_partial(x.q.read(), x.k.read(), no_values, {0, 1300}, part);
      },
      "v: batch: found 1 in [1, 1, 1, 1], wanted 2");
  volatile index negative = -2, large = index{1} << 30;  // g++ warns of constants
  expect_error(
      [&] {
        part.resize({1, negative, 3, 4, 2, 5, 6});
      },
      "partial: resize: found [1, 4, -2, 6] of [batch, heads, query length, value dim], "
      "wanted no negative size");
  expect_error([&] { part.resize({large, large, 3, 1, 2, 5, 6}); }, "partial: resize");
  over({0, 1300})();
  expect_error([&] { a.merge(part, other); }, "merge: found a part of [0, 0, 0, 0] over 0 keys");
  expect_error([&] { a.merge(part, part); }, "merge: found a part and itself");
  support::tensor<float> narrow(2, 9, 4, 23);
  expect_error([&] { a.finish(part, narrow.view()); }, "out: dim: found 23");
}

TEST(partial, has_no_number_that_is_not_written) {
  const problem p{1, 2, 9, 2, 1, 8, 5};
  for (const float left : {0.0f, 777.0f}) {
    partial<float> part;
    part.resize(p);
    std::fill(part.data(), part.data() + part.size(), left);
    support::operands<float> x(p);
    softmax_attention{}.forward_partial(x.q.read(), x.k.read(), x.v.read(), {0, 9}, part);
    for (index row = 0; row < part.rows(); ++row)
      for (index n = 0; n < part_stride(5); ++n)
        if (n >= 5 && n != 16 && n != 17) {
          EXPECT_EQ(part.data()[row * part_stride(5) + n], 0.0f) << n;
        }
  }
}

TEST(partial, sizes_must_be_countable) {
  float number = 0;
  partial<float> part;
  const tensor_view<const float> q{&number, index{1} << 60, 1, 1, 1, 0, 0, 0};
  const tensor_view<const float> none{nullptr, index{1} << 60, 0, 1, 1, 0, 0, 0};
  EXPECT_THROW(relu_attention{}.forward_partial(q, none, none, {0, 5}, part),
               std::invalid_argument);
  const auto one = ld(static_cast<const float*>(&number), 1, 1);
  const index end = std::numeric_limits<index>::max();
  EXPECT_THROW(relu_attention{}.forward_partial(one, one, one, {end - 1, end}, part),
               std::invalid_argument);
}

}  // namespace
