// Softmax where the scores are large, and where their maximum moves from tile to tile.
#include <limits>
#include <vector>

#include "skipmax/attention.hpp"
#include "support/check.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

// All 17 queries are 1 and d = 1, so that the scores are the keys themselves.
template <class T>
void check_scores(const std::vector<double>& scores, const char* name) {
  const auto keys = static_cast<index>(scores.size());
  support::operands<T> x({1, 17, keys, 1, 1, 1, 9});
  x.q.fill(1);
  for (index j = 0; j < keys; ++j)
    x.k.at(0, j, 0, 0) = static_cast<T>(scores[static_cast<std::size_t>(j)]);
  SCOPED_TRACE(name);
  support::check_against_reference(softmax_attention{}, x);
  support::check_against_reference(softmax_attention{}.with(causal{}), x);
}

template <class T>
void check_all() {
  const int keys = 1100;
  std::vector<double> rising, falling, zigzag, spikes, steps, one_high, one_low, alike, cliff;
  for (int j = 0; j < keys; ++j) {
    rising.push_back(-1e4 + 20. * j);
    falling.push_back(1e4 - 20. * j);
    zigzag.push_back(j % 2 ? 1e4 : -1e4);
    spikes.push_back(j % 97 == 0 ? 10. * j : -1e4);
    steps.push_back(30. * (j / 64));
    one_high.push_back(j == 777 ? 1e4 : 0);
    one_low.push_back(j == 3 ? 1e4 : -1e4);
    alike.push_back(1e4);
    cliff.push_back(j < 700 ? 5000 : -5000);
  }
  check_scores<T>(rising, "rising");
  check_scores<T>(falling, "falling");
  check_scores<T>(zigzag, "zigzag");
  check_scores<T>(spikes, "spikes");
  check_scores<T>(steps, "steps");
  check_scores<T>(one_high, "one high");
  check_scores<T>(one_low, "one low");
  check_scores<T>(alike, "alike");
  check_scores<T>(std::vector<double>(600, -1e4), "all low");
  check_scores<T>(std::vector<double>(600, -1e30), "all very low");
  check_scores<T>(cliff, "cliff");
  for (double step : {0.1, 1., 5., 12., 13., 14., 80., 90., 130.}) {
    std::vector<double> slow;
    for (int j = 0; j < keys; ++j) slow.push_back(step * (j / 32));
    check_scores<T>(slow, "slow");
    for (double& s : slow) s = -s;
    check_scores<T>(slow, "slowly falling");
  }
}

TEST(large_scores, float) {
  check_all<float>();
}
TEST(large_scores, double) {
  check_all<double>();
}

// Rows of one block whose maxima lie far apart, and move at different keys.
template <class T>
void check_rows_apart() {
  support::operands<T> x({1, 40, 900, 1, 1, 2, 9});
  for (index i = 0; i < 40; ++i) {
    x.q.at(0, i, 0, 0) = T(i % 3 ? 1 : -1) * T(i);
    x.q.at(0, i, 0, 1) = T(i % 5) - 2;
  }
  for (index j = 0; j < 900; ++j) {
    x.k.at(0, j, 0, 0) = T(j % 2 ? j : -j) / 4;
    x.k.at(0, j, 0, 1) = T(j % 128) * 10;
  }
  support::check_against_reference(softmax_attention{}, x);
  support::check_against_reference(softmax_attention{}.with(causal{}), x);
}

TEST(large_scores, rows_apart_float) {
  check_rows_apart<float>();
}
TEST(large_scores, rows_apart_double) {
  check_rows_apart<double>();
}

// A row has the same bits whether or not other rows of its block have scores far from all others.
template <class T, class Attention>
void check_rows_beside_others(const Attention& a, const problem& p) {
  support::operands<T> x(p), beside(p);
  const auto changed = [](index i) { return i % 14 == 3 || i % 14 == 9; };
  for (index i = 0; i < p.query_length; ++i)
    for (index d = 0; changed(i) && d < p.key_dim; ++d)
      beside.q.at(0, i, 0, d) = T(i % 2 ? 300 : -200);
  support::run(a, x);
  support::run(a, beside);
  for (index i = 0; i < p.query_length; ++i)
    for (index d = 0; !changed(i) && d < p.value_dim; ++d)
      ASSERT_EQ(static_cast<double>(x.out.at(0, i, 0, d)),
                static_cast<double>(beside.out.at(0, i, 0, d)))
          << i << " of " << support::text(p);
}

template <class T>
void check_rows_beside_others() {
  for (const index keys : {1, 3, 16, 33, 49, 55, 64, 196, 257, 600}) {
    const problem p{1, 40, keys, 1, 1, 20, 9};
    check_rows_beside_others<T>(softmax_attention{}, p);
    check_rows_beside_others<T>(softmax_attention{}.with(causal{}), p);
    check_rows_beside_others<T>(softmax_attention{}.with(sliding_window{20, 3}), p);
    check_rows_beside_others<T>(softmax_attention{}.with(softcap{5000}), p);
  }
}

TEST(large_scores, rows_beside_others) {
  check_rows_beside_others<float>();
  check_rows_beside_others<double>();
  check_rows_beside_others<bf16>();
}

// A shift of all scores changes nothing but rounding, also at the edges of what is near zero.
TEST(large_scores, shifted) {
  for (const index keys : {1, 49, 300})
    for (double shift :
         {-1000., -90., -60., -30., -28., -27., -20., 20., 27., 28., 30., 60., 90., 1000.}) {
      std::vector<double> scores;
      for (index j = 0; j < keys; ++j) scores.push_back(shift + static_cast<double>(j % 7) / 4);
      check_scores<float>(scores, "shifted");
      check_scores<double>(scores, "shifted");
    }
}

// The first rows see all keys, the others those from the second tile on.
struct late_rows {
  SKIPMAX_INLINE key_range visible(row_position at) const {
    return {at.query < 7 ? 0 : 256, at.key_length};
  }
};

// The lowest scores, when a row's first visible key is not in the first tile, or the first part.
template <class T>
void check_lowest(double score) {
  support::operands<T> x({1, 9, 300, 1, 1, 1, 5});
  x.q.fill(1), x.k.fill(static_cast<T>(score)), x.v.fill(1);
  support::run(softmax_attention{}.with(scale{1}).with(late_rows{}), x);
  for (index i = 0; i < 9; ++i) EXPECT_FLOAT_EQ(static_cast<float>(x.out.at(0, i, 0, 0)), 1) << i;

  const index length = 100;
  const auto a = softmax_attention{}.with(scale{1}).with(key_lengths{&length, 1});
  const auto v = x.v.read();
  partial<T> seen, unseen;
  a.forward_partial(x.q.read(), x.k.read(), v, {0, 600}, seen);
  a.forward_partial(x.q.read(), x.k.read(), v, {300, 600}, unseen);
  a.merge(unseen, seen);
  x.out.fill(0);
  a.finish(unseen, x.out.view());
  for (index i = 0; i < 9; ++i) EXPECT_FLOAT_EQ(static_cast<float>(x.out.at(0, i, 0, 0)), 1) << i;
}

TEST(large_scores, lowest) {
  check_lowest<float>(-1.3e38);
  check_lowest<double>(-6.7e307);
}

// Keys [first, last) have the score -inf: the result must be as without them.
template <class T>
void check_minus_infinity(index keys, index first, index last) {
  support::operands<T> x({1, 9, keys, 1, 1, 1, 5}),
      without({1, 9, keys - (last - first), 1, 1, 1, 5});
  x.q.fill(1);
  without.q.fill(1);
  for (index j = first; j < last; ++j) x.k.at(0, j, 0, 0) = -std::numeric_limits<T>::infinity();
  for (index j = 0, n = 0; j < keys; ++j) {
    if (first <= j && j < last) continue;
    without.k.at(0, n, 0, 0) = x.k.at(0, j, 0, 0);
    for (index d = 0; d < 5; ++d) without.v.at(0, n, 0, d) = x.v.at(0, j, 0, d);
    ++n;
  }
  support::run(softmax_attention{}, x);
  EXPECT_TRUE(support::close(x.out.read(), support::expect(softmax_attention{}, without.q.read(),
                                                           without.k.read(), without.v.read())))
      << first << " to " << last << " of " << keys;
}

TEST(large_scores, minus_infinity_weighs_nothing) {
  check_minus_infinity<float>(50, 7, 8);
  check_minus_infinity<float>(600, 0, 40);
  check_minus_infinity<float>(600, 0, 300);
  check_minus_infinity<float>(600, 20, 600);
  check_minus_infinity<double>(600, 0, 300);
  check_minus_infinity<double>(50, 7, 8);
}

TEST(large_scores, a_row_of_minus_infinity_is_zeros) {
  check_minus_infinity<float>(5, 0, 5);
  check_minus_infinity<float>(600, 0, 600);
  check_minus_infinity<double>(600, 0, 600);
}

TEST(large_scores, a_row_of_minus_infinity_is_zeros_after_a_transform_too) {
  const std::vector<float> shift(5, 5.f);
  support::operands<float> x({1, 3, 40, 1, 1, 1, 5});
  x.q.fill(1);
  x.q.at(0, 1, 0, 0) = 0.5f;
  x.k.fill(-std::numeric_limits<float>::infinity());
  const auto a = softmax_attention{}.with(on_out{layer_norm<float>{{}, {shift.data(), 5}, 1e-6}});
  support::run(a, x);
  std::vector<double> wanted(15, 1);
  reference::forward(a, x.q.read(), x.k.read(), x.v.read(), blhd(wanted.data(), 1, 3, 1, 5));
  EXPECT_EQ(wanted, std::vector<double>(15, 0));
  for (index i = 0; i < 3; ++i)
    for (index d = 0; d < 5; ++d) EXPECT_EQ(x.out.at(0, i, 0, d), 0) << i;
}

}  // namespace
