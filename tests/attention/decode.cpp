// Decode against the definition: a few queries over caches of any length.
#include "support/decode.hpp"

#include <limits>

#include "skipmax/kv_cache.hpp"
#include "support/bits.hpp"
#include "support/executors.hpp"
#include "support/shapes.hpp"

namespace {

using namespace skipmax;
using skipmax::index;
using lengths = std::vector<index>;

// Sizes around a register, a tile and a part of the keys, and several parts.
constexpr index capacities[] = {1,   2,   15,  17,  63,   65,   255,  256, 257,
                                511, 512, 513, 769, 1023, 1025, 1537, 2100};

// The n-th problem. Only the two lists of dims have lengths with a common divisor.
template <class T, class Attention>
void check_nth(const Attention& a, std::uint64_t n) {
  constexpr index heads[][2] = {{1, 1}, {4, 1}, {7, 1}, {8, 2}, {3, 3}};
  constexpr index queries[] = {1, 2, 3, 16, 1, 5, 1};
  constexpr index key_dims[] = {1, 16, 17, 64};
  constexpr index value_dims[] = {1, 8, 33, 48, 64, 65, 144, 256};
  const index capacity = capacities[n % 17];
  const problem p{1 + static_cast<index>(n % 3),
                  queries[n % 7],
                  capacity,
                  heads[n % 5][0],
                  heads[n % 5][1],
                  key_dims[n % 4],
                  value_dims[n % 8]};
  lengths filled{capacity, capacity / 2, 0};
  filled.resize(static_cast<std::size_t>(p.batch));
  support::check_decode<T>(a, p, filled, n + 1);
}

TEST(decode, softmax_is_the_definition) {
  for (std::uint64_t n = 0; n < 30; ++n) check_nth<float>(softmax_attention{}, n);
}
TEST(decode, relu_is_the_definition) {
  for (std::uint64_t n = 30; n < 60; ++n) check_nth<float>(relu_attention{}, n);
}
TEST(decode, in_double_too) {
  for (std::uint64_t n = 60; n < 80; ++n) check_nth<double>(softmax_attention{}, n);
}

TEST(decode, more_rows_than_a_task_takes_and_more_tokens_than_keys) {
  support::check_decode<float>(softmax_attention{}, {1, 40, 150, 6, 2, 16, 16}, {150}, 3);
  support::check_decode<float>(relu_attention{}, {3, 9, 150, 2, 1, 16, 16}, {150, 4, 0}, 4);
}

TEST(decode, sizes_of_nothing) {
  for (const problem& p : support::empty_shapes()) {
    support::operands<float> x(p);
    const lengths filled(static_cast<std::size_t>(p.batch), p.key_length);
    support::run_decode(softmax_attention{}, x, filled);
    EXPECT_TRUE(x.out.guards_intact());
    for (index b = 0; b < p.batch; ++b)
      for (index i = 0; i < p.query_length; ++i)
        for (index h = 0; h < p.heads && p.key_length == 0; ++h)
          for (index d = 0; d < p.value_dim; ++d) EXPECT_EQ(x.out.at(b, i, h, d), 0.0f);
  }
}

TEST(decode, whole_numbers_are_exact) {
  // powers of two for the scale and the divisor
  const problem p{2, 1, 2048, 4, 2, 16, 32};
  support::operands<float> x(p, 5);
  x.fill_whole(5, -3, 3);
  const lengths filled{2048, 1024};
  const relu_attention a;
  support::run_decode(a, x, filled);
  const auto wanted =
      support::expect(support::as_forward(a, filled), x.q.read(), x.k.read(), x.v.read(), 3);
  std::size_t n = 0;
  for (index b = 0; b < 2; ++b)
    for (index h = 0; h < 4; ++h)
      for (index d = 0; d < 32; ++d, ++n)
        EXPECT_EQ(static_cast<double>(x.out.at(b, 0, h, d)), wanted.out[n]);
}

// One call of n tokens and n calls of one token are both within the tolerance of the definition,
// and so is forward.
TEST(decode, prefill_is_as_many_steps) {
  const problem p{1, 12, 300, 4, 2, 24, 40};
  support::operands<float> x(p, 7), steps(p, 7);
  const auto check = [&](const auto& a) {
    support::run_decode(a, x, {290});
    for (index i = 0; i < 12; ++i) {
      const index length = 290 - 12 + i + 1;
      a.decode(positions(x.q.read(), i, i + 1), x.k.read(), x.v.read(), &length,
               positions(steps.out.view(), i, i + 1));
    }
    support::operands<float> whole(p, 7);
    support::run(support::as_forward(a, {290}), whole);
    const auto wanted =
        support::expect(support::as_forward(a, {290}), x.q.read(), x.k.read(), x.v.read());
    EXPECT_TRUE(support::close(x.out.read(), wanted));
    EXPECT_TRUE(support::close(steps.out.read(), wanted));
    EXPECT_TRUE(support::close(whole.out.read(), wanted));
  };
  check(softmax_attention{});
  check(relu_attention{});
}

// Over a cache of capacity 100 with 70 and 41 keys in its two sequences. Free rows of k are NaN.
template <class Attention>
void check_cache(const Attention& a) {
  const problem p{2, 6, 70, 4, 2, 24, 40};
  support::operands<float> x(p, 7), y(p, 7), zeros({2, 6, 100, 4, 2, 24, 40}, 7);
  kv_cache<float> cache(2, 2, 100, 24, 40);
  const index filled[] = {70, 41};
  for (index b = 0; b < 2; ++b)
    cache.append(b, positions(sequence(x.k.read(), b), 0, filled[b]),
                 positions(sequence(x.v.read(), b), 0, filled[b]));
  for (int b = 0; b < 2; ++b)
    for (index l = filled[b]; l < 100; ++l)
      for (index h = 0; h < 2; ++h) {
        float* const k = const_cast<float*>(cache.k().row(b, l, h));
        for (index d = 0; d < 24; ++d) k[d] = std::numeric_limits<float>::quiet_NaN();
      }
  a.decode(x.q.read(), cache, x.out.view());
  workspace scratch;
  a.prefill(y.q.read(), cache, y.out.view(), serial{}, scratch);
  for (index b = 0; b < 2; ++b)
    for (index l = 0; l < 100; ++l)
      for (index h = 0; h < 2; ++h) {
        const bool there = l < filled[b];
        for (index d = 0; d < 24; ++d) zeros.k.at(b, l, h, d) = there ? x.k.at(b, l, h, d) : 0;
        for (index d = 0; d < 40; ++d) zeros.v.at(b, l, h, d) = there ? x.v.at(b, l, h, d) : 0;
      }
  const auto wanted =
      support::expect(support::as_forward(a, {70, 41}), x.q.read(), zeros.k.read(), zeros.v.read());
  EXPECT_TRUE(support::close(x.out.read(), wanted));
  EXPECT_TRUE(support::close(y.out.read(), wanted));
}

// A sequence by itself, of any length, gives what it gives in the batch.
TEST(decode, over_one_sequence_of_a_cache) {
  support::operands<float> x({2, 40, 40, 4, 2, 16, 16}), y(x.sizes);
  kv_cache<float> cache(2, 2, 64, 16);
  cache.append(x.k.read(), x.v.read());
  const auto a = softmax_attention{};
  a.prefill(x.q.read(), cache, x.out.view());
  for (index b = 0; b < 2; ++b)
    a.prefill(sequence(y.q.read(), b), cache.sequence(b), sequence(y.out.view(), b));
  EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read()));

  cache.truncate(1, 7);
  a.decode(positions(x.q.read(), 39, 40), cache, positions(x.out.view(), 39, 40));
  for (index b = 0; b < 2; ++b)
    a.decode(positions(sequence(y.q.read(), b), 39, 40), cache.sequence(b),
             positions(sequence(y.out.view(), b), 39, 40));
  EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read()));
  EXPECT_THROW((void)cache.sequence(2), std::invalid_argument);
}

TEST(decode, over_a_cache) {
  check_cache(softmax_attention{}.with(sliding_window{9, 0}));  // the mask of the attention stays
  check_cache(relu_attention{});
}

// If it were asked twice, it would have more workers than there is scratch for.
struct growing {
  int* asked;

  int concurrency() const { return ++*asked; }
  template <class F>
  void for_each_task(index tasks, F&& f) const {
    for (index task = 0; task < tasks; ++task) f(task, 0);
  }
};

TEST(decode, asks_once_how_many_workers_there_are) {
  support::operands<float> x({1, 1, 900, 2, 1, 8, 8});
  int asked = 0;
  support::run_decode(softmax_attention{}, x, {900}, growing{&asked});
  EXPECT_EQ(asked, 1);
  support::run(softmax_attention{}, x, growing{&asked});
  EXPECT_EQ(asked, 2);
  partial<float> part;
  softmax_attention{}.forward_partial(x.q.read(), x.k.read(), x.v.read(), {0, 900}, part,
                                      growing{&asked});
  EXPECT_EQ(asked, 3);
}

TEST(decode, a_cache_of_another_batch_is_refused) {
  support::operands<float> x({2, 1, 1, 2, 1, 8, 8});
  const kv_cache<float> cache(3, 1, 16, 8);
  EXPECT_THROW(relu_attention{}.decode(x.q.read(), cache, x.out.view()), std::invalid_argument);
  EXPECT_THROW(relu_attention{}.prefill(x.q.read(), cache, x.out.view()), std::invalid_argument);
}

template <class Attention>
void check_that_the_rest_is_not_read(const Attention& a) {
  const problem p{3, 2, 1200, 4, 2, 17, 33};
  const lengths filled{1100, 0, 70};
  support::operands<float> x(p, 9), y(p, 9);
  constexpr float junk[] = {std::numeric_limits<float>::quiet_NaN(),
                            std::numeric_limits<float>::infinity()};
  for (index b = 0; b < 3; ++b)
    for (index l = filled[static_cast<std::size_t>(b)]; l < 1200; ++l)
      for (index h = 0; h < 2; ++h) {
        for (index d = 0; d < 17; ++d) y.k.at(b, l, h, d) = junk[l % 2];
        for (index d = 0; d < 33; ++d) y.v.at(b, l, h, d) = junk[d % 2];
      }
  support::run_decode(a, x, filled);
  support::run_decode(a, y, filled);
  EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read()));
}
TEST(decode, what_lies_beyond_a_length_changes_no_bit) {
  check_that_the_rest_is_not_read(softmax_attention{});
  check_that_the_rest_is_not_read(relu_attention{});
}

template <class Attention>
void check_bits(const Attention& a) {
  const problem p{2, 3, 3000, 4, 2, 32, 48};
  const lengths filled{3000, 1500};
  support::operands<float> x(p, 11), y(p, 11);
  support::run_decode(a, x, filled);
  workspace scratch;
  for (int workers = 1; workers <= 3; ++workers) {
    support::run_decode(a, y, filled, support::shuffled{workers, 5}, scratch);
    EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read())) << workers << " workers";
  }
  support::run_decode(a, y, filled, support::reversed{2}, scratch);
  EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read())) << "reversed";
  for (index b = 0; b < 2; ++b)
    a.decode(sequence(x.q.read(), b), sequence(x.k.read(), b), sequence(x.v.read(), b),
             &filled[static_cast<std::size_t>(b)], sequence(y.out.view(), b));
  EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read())) << "alone";
}
TEST(decode, bits_do_not_depend_on_workers_or_on_the_batch) {
  check_bits(softmax_attention{});
  check_bits(relu_attention{});
}

// The first dim, 1 in k and -below in q, moves more and more scores below zero, up to as many as
// lists leave out; for one row and for several that share the keys.
template <class Attention>
void check_zeros(const Attention& a, const problem& p, index length) {
  for (const float below : {0.0f, 4.0f, 8.0f, 12.0f}) {
    support::operands<float> x(p, 13), y(p, 13);
    for (support::operands<float>* o : {&x, &y}) {
      for (index l = 0; l < p.key_length; ++l) o->k.at(0, l, 0, 0) = 1;
      for (index h = 0; h < p.heads; ++h)
        for (index i = 0; i < p.query_length; ++i) o->q.at(0, i, h, 0) = -below;
    }
    support::run_decode(a, x, {length});
    for (skip_zeros policy : {skip_zeros::never, skip_zeros::always}) {
      support::run_decode(a.with(policy), y, {length});
      EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read())) << support::text(p) << below;
    }
  }
}
TEST(decode, zeros_left_out_or_not_give_the_same_bits) {
  for (const index heads : {1, 2, 4, 7}) {
    check_zeros(relu_attention{}, {1, 1, 1100, heads, 1, 16, 64}, 1090);
    check_zeros(relu_attention{}.with(sliding_window{300, 0}), {1, 3, 700, heads, 1, 16, 64}, 690);
    check_zeros(squared_relu_attention{}, {1, 2, 700, heads, 1, 16, 72}, 690);
  }
}

}  // namespace
