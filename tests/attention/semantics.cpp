// What a row that sees nothing gives, where a NaN goes, and what a masked key may hold.
#include <cmath>
#include <limits>
#include <vector>

#include "skipmax/attention.hpp"
#include "support/bits.hpp"
#include "support/shapes.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

template <class T>
constexpr T nan = std::numeric_limits<T>::quiet_NaN();
template <class T>
constexpr T infinity = std::numeric_limits<T>::infinity();

template <class T, class Test>
void for_each_attention(const Test& test) {
  test(softmax_attention{});
  test(relu_attention{});
  test(sigmoid_attention{});
  test(attention<gelu, unnormalized>{});
}

// ---- rows that see nothing

template <class T>
bool is_zeros(const support::operands<T>& x, index b, index i) {
  for (index h = 0; h < x.sizes.heads; ++h)
    for (index d = 0; d < x.sizes.value_dim; ++d)
      if (x.out.at(b, i, h, d) != 0) return false;
  return true;
}

template <class T>
void check_empty_rows() {
  for_each_attention<T>([](const auto& a) {
    const index lengths[] = {0, 3};
    support::operands<T> x({2, 5, 7, 2, 1, 9, 11});
    support::run(a.with(key_lengths{lengths, 2}), x);
    for (index i = 0; i < 5; ++i) {
      EXPECT_TRUE(is_zeros(x, 0, i));
      EXPECT_FALSE(is_zeros(x, 1, i));
    }
    // More queries than keys: under a causal mask the first ones see nothing.
    support::operands<T> y({1, 40, 3, 2, 1, 9, 11});
    support::run(a.with(causal{}), y);
    for (index i = 0; i < 40; ++i) EXPECT_EQ(is_zeros(y, 0, i), i < 37) << i;
  });
}

TEST(semantics, a_row_that_sees_nothing_is_zeros) {
  check_empty_rows<float>();
  check_empty_rows<double>();
}

// A padding mask or bias, [batch, 1, 1, keys] with one row for all heads and queries, gives what
// that row gives if it is written out for each.
TEST(semantics, one_row_of_a_mask_or_bias_serves_all) {
  for_each_attention<float>([](const auto& a) {
    constexpr index keys = 21, queries = 20;
    std::vector<std::uint8_t> row, all;
    std::vector<float> bias_row, bias_all;
    for (index b = 0; b < 2; ++b)
      for (index i = 0; i < queries; ++i)
        for (index j = 0; j < keys; ++j) {
          const bool seen = j < 9 + 8 * b && j != 4;
          all.push_back(seen), bias_all.push_back(seen ? 0.5f : -infinity<float>);
          if (i == 0) row.push_back(seen), bias_row.push_back(seen ? 0.5f : -infinity<float>);
        }
    support::operands<float> x({2, queries, keys, 2, 1, 9, 11}), y({2, queries, keys, 2, 1, 9, 11});
    support::run(a.with(dense_mask{row.data(), 2, 1, 1, keys}), x);
    support::run(a.with(dense_mask{all.data(), 2, 1, queries, keys}), y);
    EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read()));
    support::run(a.with(dense_bias{bias_row.data(), 2, 1, 1, keys}), x);
    support::run(a.with(dense_bias{bias_all.data(), 2, 1, queries, keys}), y);
    EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read()));
  });
}

TEST(semantics, without_keys_everything_is_zeros) {
  for_each_attention<float>([](const auto& a) {
    support::operands<float> x({2, 5, 0, 2, 1, 9, 11});
    support::run(a, x);
    for (index i = 0; i < 5; ++i) EXPECT_TRUE(is_zeros(x, 1, i));
  });
}

TEST(semantics, sizes_of_zero_need_no_memory) {
  for_each_attention<float>([](const auto& a) {
    for (const problem& p : support::empty_shapes()) {
      float* const nothing = nullptr;
      std::vector<float> out(
          static_cast<std::size_t>(p.batch * p.query_length * p.heads * p.value_dim));
      std::vector<float> v(
          static_cast<std::size_t>(p.batch * p.key_length * p.kv_heads * p.value_dim));
      std::vector<float> q(
          static_cast<std::size_t>(p.batch * p.query_length * p.heads * p.key_dim));
      std::vector<float> k(
          static_cast<std::size_t>(p.batch * p.key_length * p.kv_heads * p.key_dim));
      const auto at = [&](std::vector<float>& x) { return x.empty() ? nothing : x.data(); };
      EXPECT_NO_THROW(a.forward(blhd(at(q), p.batch, p.query_length, p.heads, p.key_dim),
                                blhd(at(k), p.batch, p.key_length, p.kv_heads, p.key_dim),
                                blhd(at(v), p.batch, p.key_length, p.kv_heads, p.value_dim),
                                blhd(at(out), p.batch, p.query_length, p.heads, p.value_dim)))
          << support::text(p);
    }
  });
}

// ---- NaN in what is visible

// After a change of x, exactly the rows that `changed` names are all NaN; the others keep their
// bits.
template <class T, class Attention, class Changed>
void expect_nan_rows(const Attention& a, support::operands<T>& x, const Changed& changed) {
  support::operands<T> before(x.sizes);
  support::run(a, before);
  support::run(a, x);
  for (index b = 0; b < x.sizes.batch; ++b)
    for (index i = 0; i < x.sizes.query_length; ++i)
      for (index h = 0; h < x.sizes.heads; ++h)
        for (index d = 0; d < x.sizes.value_dim; ++d) {
          const T found = x.out.at(b, i, h, d), was = before.out.at(b, i, h, d);
          if (changed(b, i, h))
            ASSERT_TRUE(std::isnan(found)) << "row " << i << ", head " << h << ", " << d;
          else
            ASSERT_EQ(std::memcmp(&found, &was, sizeof(T)), 0)
                << "row " << i << ", head " << h << ", " << d;
        }
}

const problem shape{2, 31, 300, 4, 2, 17, 19};

template <class T>
void check_nan_in_q() {
  for_each_attention<T>([](const auto& a) {
    support::operands<T> x(shape);
    x.q.at(1, 7, 3, 16) = nan<T>;
    const auto changed = [](index b, index i, index h) { return b == 1 && i == 7 && h == 3; };
    expect_nan_rows(a, x, changed);
    expect_nan_rows(a.with(causal{}), x, changed);
  });
}

TEST(semantics, nan_in_q_reaches_its_row) {
  check_nan_in_q<float>();
  check_nan_in_q<double>();
}

template <class T>
void check_nan_in_k() {
  for_each_attention<T>([](const auto& a) {
    for (index j : {0, 130, 280, 299}) {
      support::operands<T> x(shape);
      x.k.at(0, j, 1, 2) = nan<T>;
      expect_nan_rows(a, x, [](index b, index, index h) { return b == 0 && h >= 2; });
      expect_nan_rows(a.with(causal{}), x, [=](index b, index i, index h) {
        return b == 0 && h >= 2 && j <= i + (300 - 31);
      });
    }
  });
}

TEST(semantics, nan_in_a_visible_key_reaches_the_rows_that_see_it) {
  check_nan_in_k<float>();
  check_nan_in_k<double>();
}

template <class T>
void check_nan_in_v(T value) {
  for_each_attention<T>([value](const auto& plain) {
    const auto a = plain.with(causal{});
    const index j = 280;
    support::operands<T> before(shape), x(shape);
    x.v.at(0, j, 1, 4) = value;
    support::run(a, before);
    support::run(a, x);
    for (index i = 0; i < shape.query_length; ++i)
      for (index h = 0; h < shape.heads; ++h) {
        const row_position at{0, h, i, shape.query_length, shape.key_length};
        const auto keys = reference::visible<native_isa>(a.mask, at);
        const bool sees = h >= 2 && static_cast<index>(keys.size()) > j;
        double weight = 0;
        if (sees)
          weight = reference::weights<native_isa>(
              a.normalizer, a.score, at,
              reference::scores(a, x.q.read(), x.k.read(), at, keys))[static_cast<std::size_t>(j)];
        for (index d = 0; d < shape.value_dim; ++d) {
          const T found = x.out.at(0, i, h, d), was = before.out.at(0, i, h, d);
          if (sees && d == 4) {
            if (std::abs(weight) > 1e-30) {  // a weight of zero leaves it open
              ASSERT_FALSE(std::isfinite(found)) << i;
            }
            if (std::abs(weight) > 1e-30 && !std::isnan(value)) {
              ASSERT_EQ(found, weight > 0 ? value : -value) << i;
            }
          } else {
            ASSERT_EQ(std::memcmp(&found, &was, sizeof(T)), 0) << i << ", " << h << ", " << d;
          }
        }
      }
  });
}

TEST(semantics, nan_in_a_visible_value_reaches_its_column) {
  check_nan_in_v<float>(nan<float>);
  check_nan_in_v<double>(nan<double>);
}

TEST(semantics, infinity_in_a_visible_value_reaches_its_column) {
  check_nan_in_v<float>(infinity<float>);
  check_nan_in_v<double>(infinity<double>);
}

TEST(semantics, an_infinite_score_is_an_infinite_relu) {
  const double q[] = {1, -1}, k[] = {1, infinity<double>, 2}, v[] = {1, 1, 1};
  double out[2];
  relu_attention{}.forward(ld(q, 2, 1), ld(k, 3, 1), ld(v, 3, 1), ld(out, 2, 1));
  EXPECT_EQ(out[0], infinity<double>);
  EXPECT_EQ(out[1], 0);  // relu(-inf) is 0
}

// Of scores -inf the row is zeros, but not if one is NaN.
template <class T>
void check_nan_among_nothing(index keys, index place) {
  const T q[] = {1}, scores[] = {-infinity<T>, nan<T>};
  const std::vector<T> v(static_cast<std::size_t>(keys), T(1));
  for (bool spoiled : {false, true}) {
    std::vector<T> k(v.size(), scores[0]);
    if (spoiled) k[static_cast<std::size_t>(place)] = scores[1];
    T out[] = {5}, decoded[] = {5};
    double defined[] = {5};
    const auto q_row = ld(q, 1, 1), k_rows = ld(k.data(), keys, 1), v_rows = ld(v.data(), keys, 1);
    softmax_attention{}.forward(q_row, k_rows, v_rows, ld(out, 1, 1));
    softmax_attention{}.decode(q_row, k_rows, v_rows, &keys, ld(decoded, 1, 1));
    reference::forward(softmax_attention{}, q_row, k_rows, v_rows, ld(defined, 1, 1));
    for (double found : {double(out[0]), double(decoded[0]), defined[0]}) {
      EXPECT_EQ(std::isnan(found), spoiled) << keys << " keys, NaN at " << place;
      EXPECT_TRUE(spoiled || found == 0);
    }
  }
}

TEST(semantics, nan_among_scores_of_minus_infinity_reaches_the_row) {
  for (index keys : {1, 2, 17, 300})
    for (index place : {index(0), keys / 2, keys - 1}) {
      check_nan_among_nothing<float>(keys, place);
      check_nan_among_nothing<double>(keys, place);
    }
}

// ---- anything in what is masked

template <class T>
void spoil(support::tensor<T>& x, index b, index j, T value) {
  for (index h = 0; h < x.read().heads; ++h)
    for (index d = 0; d < x.read().dim; ++d) x.at(b, j, h, d) = value;
}

template <class T>
void check_padding() {
  for_each_attention<T>([](const auto& plain) {
    for (index length : {1, 15, 16, 17, 64, 130, 257, 299}) {
      const index lengths[] = {300, length};
      const auto a = plain.with(key_lengths{lengths, 2});
      support::operands<T> clean(shape), x(shape);
      for (index j = length; j < 300; ++j) {
        spoil(x.k, 1, j, j % 3 ? nan<T> : infinity<T>);
        spoil(x.v, 1, j, j % 2 ? nan<T> : -infinity<T>);
      }
      support::run(a, clean);
      support::run(a, x);
      EXPECT_TRUE(support::same_bits(clean.out.read(), x.out.read())) << length;
    }
  });
}

TEST(semantics, padding_may_hold_anything) {
  check_padding<float>();
  check_padding<double>();
}

// Row i of a causal call does not change when all keys after its last are spoiled.
template <class T>
void check_future() {
  for_each_attention<T>([](const auto& plain) {
    const auto a = plain.with(causal{});
    support::operands<T> clean(shape);
    support::run(a, clean);
    for (index i : {0, 1, 5, 13, 14, 29}) {
      support::operands<T> x(shape);
      for (index j = 300 - 31 + i + 1; j < 300; ++j) {
        spoil(x.k, 0, j, nan<T>);
        spoil(x.v, 0, j, j % 2 ? nan<T> : infinity<T>);
      }
      support::run(a, x);
      EXPECT_TRUE(support::same_bits(positions(clean.out.read(), 0, i + 1),
                                     positions(x.out.read(), 0, i + 1)))
          << i;
    }
  });
}

TEST(semantics, the_future_may_hold_anything) {
  check_future<float>();
  check_future<double>();
}

}  // namespace
