// What must hold of dressed attentions, whatever the numbers: what a row does not see changes no
// bit of it, sequences do not see each other, keys have no order.
#include <limits>
#include <numeric>

#include "skipmax/attention.hpp"
#include "support/any_dressing.hpp"
#include "support/bits.hpp"
#include "support/check.hpp"
#include "support/executors.hpp"

namespace {

using namespace skipmax;
using skipmax::index;
using support::operands;

template <class T>
bool same_row(const operands<T>& x, const operands<T>& y, index b, index i, index h) {
  for (index d = 0; d < x.sizes.value_dim; ++d) {
    const T a = x.out.at(b, i, h, d), c = y.out.at(b, i, h, d);
    if (std::memcmp(&a, &c, sizeof(T)) != 0) return false;
  }
  return true;
}

// Every key and value that one row does not see becomes NaN or infinity; its output keeps its bits.
template <class T, class Attention>
void check_garbage(const Attention& a, const problem& p) {
  operands<T> clean(p, 3);
  support::run(a, clean);
  for (index row = 0; row < p.query_length; row += 3) {
    const index b = row % p.batch, h = row % p.heads, kv = h / (p.heads / p.kv_heads);
    const row_position at{b, h, row, p.query_length, p.key_length};
    const std::vector<index> keys = reference::keys_of(a, at);
    std::vector<bool> seen(static_cast<std::size_t>(p.key_length), false);
    for (index j : keys) seen[static_cast<std::size_t>(j)] = true;
    operands<T> x(p, 3);
    for (index j = 0; j < p.key_length; ++j) {
      if (seen[static_cast<std::size_t>(j)]) continue;
      for (index d = 0; d < p.key_dim; ++d) x.k.at(b, j, kv, d) = T(NAN);
      for (index d = 0; d < p.value_dim; ++d)
        x.v.at(b, j, kv, d) = j % 2 ? T(NAN) : std::numeric_limits<T>::infinity();
    }
    support::run(a, x);
    ASSERT_TRUE(same_row(clean, x, b, row, h))
        << "row " << row << " of " << support::text(p) << ", which sees " << keys.size() << " keys";
  }
}

template <class T, class Attention>
void check_garbage_under_masks(const Attention& plain) {
  for (const problem& p : {problem{2, 20, 50, 2, 1, 16, 24}, problem{1, 17, 300, 1, 1, 8, 64}}) {
    for (int mask = 1; mask < support::dressing<T>::mask_kinds; ++mask)
      for (int bias : {0, 2, 3}) {
        SCOPED_TRACE("mask " + std::to_string(mask) + ", bias " + std::to_string(bias));
        support::dressing<T> dress(p, p, 11);
        check_garbage<T>(plain.with(dress.mask(mask)).with(dress.bias(bias)), p);
      }
  }
}

TEST(properties, what_is_hidden_changes_no_bit_relu) {
  check_garbage_under_masks<float>(relu_attention{});
}
TEST(properties, what_is_hidden_changes_no_bit_softmax) {
  check_garbage_under_masks<float>(softmax_attention{});
}
TEST(properties, what_is_hidden_changes_no_bit_silu_double) {
  check_garbage_under_masks<double>(relu_attention{}.with(silu{}));
}
TEST(properties, what_is_hidden_changes_no_bit_sigmoid) {
  check_garbage_under_masks<float>(sigmoid_attention{});
}

// h(-inf) may be no weight at all, such as -inf or NaN: a key hidden by a bias has weight 0 all the
// same.
TEST(properties, a_hidden_key_has_no_weight_with_any_score_function) {
  const problem p{1, 9, 40, 1, 1, 8, 16};
  support::dressing<float> dress(p, p, 5);
  const dense_bias<float> bias{dress.dense.data(), 1, 1, 9, 40};
  const auto check = [&](auto score) {
    check_garbage<float>(relu_attention{}.with(score).with(bias), p);
  };
  check(identity{});
  check(gelu{});
  check(gelu_erf{});
  check(silu{});
  check(softplus{});
  check(sigmoid{2});
  check(laplace{});
  check(squared_relu{});
  check(relu6{});
}

// A row whose keys are hidden one by one is zeros too, whatever a norm or a gate would make of it.
TEST(properties, a_row_without_keys_is_zeros_whatever_follows) {
  const problem p{1, 3, 5, 1, 1, 4, 16};
  const std::uint8_t second_row[] = {0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0};
  const std::vector<float> ones(16, 1.f), fives(16, 5.f);
  const on_out norm{layer_norm<float>{{ones.data(), 16}, {fives.data(), 16}}};
  operands<float> gates(p);
  gates.out.fill(std::numeric_limits<float>::infinity());
  const auto check = [&](const auto& plain) {
    const auto a =
        plain.with(dense_mask{second_row, 1, 1, 3, 5}).with(norm).with(gate{gates.out.read()});
    operands<float> x(p);
    support::run(a, x);
    for (index d = 0; d < 16; ++d) {
      EXPECT_EQ(x.out.at(0, 0, 0, d), 0);
      EXPECT_NE(x.out.at(0, 1, 0, d), 0);
      EXPECT_EQ(x.out.at(0, 2, 0, d), 0);
    }
  };
  check(softmax_attention{});
  check(relu_attention{});
  check(attention<relu, unnormalized>{});
  check(sigmoid_attention{});
}

// Whole numbers add up exactly in any order.
TEST(properties, keys_and_values_may_come_in_any_order) {
  const problem p{2, 19, 128, 2, 1, 16, 16};
  operands<float> x(p, 6), y(p, 6);
  x.fill_whole(6, -3, 3), y.fill_whole(6, -3, 3);
  std::vector<index> order(128);
  std::iota(order.begin(), order.end(), index{0});
  for (std::size_t n = 127; n > 0; --n) std::swap(order[n], order[support::mixed(9, n) % (n + 1)]);
  for (index b = 0; b < p.batch; ++b)
    for (index j = 0; j < 128; ++j)
      for (index d = 0; d < 16; ++d) {
        y.k.at(b, order[static_cast<std::size_t>(j)], 0, d) = x.k.at(b, j, 0, d);
        y.v.at(b, order[static_cast<std::size_t>(j)], 0, d) = x.v.at(b, j, 0, d);
      }
  const auto a = relu_attention{}.with(scale{0.25});
  support::run(a, x);
  support::run(a, y);
  EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read()));
}

template <class T>
tensor_view<T> rows_of(tensor_view<T> x, index first, index last) {
  x.data = x.row(0, first, 0);
  x.length = last - first;
  return x;
}

// A sequence gives the same bits among others, with others behind it, and alone.
template <class T, class Attention>
void check_segments(const Attention& plain) {
  const problem p{1, 900, 900, 2, 1, 24, 40};
  support::dressing<T> dress(p, p, 8);
  const auto a =
      plain.with(dress.gate(1)).with(on_q{dress.norm(1, 2, 24)}).with(on_out{dress.norm(2, 2, 40)});
  const index offsets[] = {0, 1, 1, 300, 317, 645, 900};
  operands<T> all(p, 4), prefix(p, 4), alone(p, 4);
  support::run(a.with(segments{offsets, 6}), all);

  const index some = offsets[4];
  const auto shorter = [&](auto x) { return rows_of(x, 0, some); };
  const auto gated = a.with(support::any_gate<T>{{gate<T, silu>{shorter(dress.g.read()), {}}}});
  gated.with(segments{offsets, 4})
      .forward(shorter(prefix.q.read()), shorter(prefix.k.read()), shorter(prefix.v.read()),
               shorter(prefix.out.view()));
  EXPECT_TRUE(support::same_bits<T>(shorter(all.out.read()), shorter(prefix.out.read())));

  for (int s = 0; s < 6; ++s) {
    const auto one = [&](auto x) { return rows_of(x, offsets[s], offsets[s + 1]); };
    a.with(support::any_gate<T>{{gate<T, silu>{one(dress.g.read()), {}}}})
        .forward(one(alone.q.read()), one(alone.k.read()), one(alone.v.read()),
                 one(alone.out.view()));
    EXPECT_TRUE(support::same_bits<T>(one(all.out.read()), one(alone.out.read())))
        << "sequence " << s;
  }
}

TEST(properties, segments_do_not_see_each_other_relu) {
  check_segments<float>(relu_attention{});
  check_segments<float>(relu_attention{}.with(causal{}));
}
TEST(properties, segments_do_not_see_each_other_softmax) {
  check_segments<float>(softmax_attention{}.with(sliding_window{40, 3}));
  check_segments<double>(softmax_attention{});
}

TEST(properties, segments_and_any_executor) {
  const problem p{1, 900, 900, 2, 1, 24, 40};
  const index offsets[] = {0, 1, 1, 300, 317, 645, 900};
  const auto a = relu_attention{}.with(segments{offsets, 6}).with(causal{});
  support::expect_same_as_serial<float>(a, p, support::shuffled{3, 7}, "shuffled");
  support::expect_same_as_serial<float>(a, p, support::reversed{2}, "reversed");
}

// Dense masks and biases of one sequence, alone and in its batch.
TEST(properties, dressed_sequences_alone_or_in_a_batch) {
  const problem p{3, 33, 300, 4, 2, 17, 33};
  for (int normalizer : {0, 1}) {
    support::dressing<float> dress(p, p, 12);
    operands<float> x(p, 5), alone(p, 5);
    const index pairs = p.heads * p.query_length * p.key_length;
    const auto call = [&](const auto& a) {
      support::run(a.with(dress.mask(6)).with(dress.bias(3)), x);
      for (index b = 0; b < p.batch; ++b) {
        const dense_mask<> flags{dress.flags.data() + b * pairs, 1, 4, 33, 300};
        const dense_bias<float> dense{dress.dense.data() + b * pairs, 1, 4, 33, 300};
        a.with(support::any_mask_of{flags})
            .with(support::any_bias_of<float>{dense})
            .forward(sequence(x.q.read(), b), sequence(x.k.read(), b), sequence(x.v.read(), b),
                     sequence(alone.out.view(), b));
      }
    };
    if (normalizer == 0)
      call(relu_attention{});
    else
      call(softmax_attention{});
    EXPECT_TRUE(support::same_bits(x.out.read(), alone.out.read())) << normalizer;
  }
}

}  // namespace
