// The positions that rotary goes by, in every way to compute an attention.
#include "skipmax/row/rotary.hpp"

#include "skipmax/kv_cache.hpp"
#include "skipmax/transform_rows.hpp"
#include "support/decode.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

constexpr index positions_there_are = 1100;

template <class T>
const std::vector<T>& turns() {
  static const std::vector<T> all = [] {
    std::vector<T> made(static_cast<std::size_t>(positions_there_are) * 20);
    rotary_turns(10000, positions_there_are, 20, made.data());
    return made;
  }();
  return all;
}
template <class T>
rotary<T> turn() {
  return {turns<T>().data(), positions_there_are, 20};
}
template <class T, class Attention>
auto turned(const Attention& a) {
  return a.with(qk_rows{turn<T>(), in_turn{turn<T>(), rms_norm<T>{}}});
}

TEST(attention_rotary, against_the_definition) {
  const problem square{2, 70, 70, 4, 2, 24, 16}, few_queries{2, 17, 300, 4, 2, 24, 16};
  const problem few_keys{2, 70, 50, 4, 2, 24, 16};
  const index lengths[] = {50, 9};
  const key_lengths ends{lengths, 2};
  for (const problem& p : {square, few_queries, few_keys}) {
    support::check_against_reference<float>(turned<float>(softmax_attention{}), p);
    support::check_against_reference<float>(turned<float>(relu_attention{}.with(causal{})), p);
    support::check_against_reference<double>(turned<double>(softmax_attention{}.with(causal{})), p);
    support::check_against_reference<float>(
        turned<float>(softmax_attention{}.with(both{ends, causal{}})), p);
    support::check_against_reference<float>(
        turned<float>(relu_attention{}.with(both{causal{}, ends})), p);
  }
}

TEST(attention_rotary, of_decode) {
  const problem p{2, 3, 1100, 4, 2, 20, 24};
  support::check_decode<float>(turned<float>(softmax_attention{}), p, {1090, 41});
  support::check_decode<float>(turned<float>(relu_attention{}), p, {2, 1100});
}

TEST(attention_rotary, of_parts) {
  const problem p{2, 17, 300, 4, 2, 24, 20};
  const auto f = turned<float>(softmax_attention{}.with(causal{})).with(on_out{turn<float>()});
  support::operands<float> x(p);
  support::run_in_parts(f, x, {0, 90, 91, 300});
  EXPECT_TRUE(support::close(x.out.read(), support::expect(f, x.q.read(), x.k.read(), x.v.read())));
}

// A row of out is turned by the key at which it stands, as q is.
TEST(attention_rotary, of_out) {
  const problem p{2, 3, 300, 4, 2, 16, 20};
  const auto f = softmax_attention{}.with(on_out{turn<float>()});
  support::check_against_reference<float>(f.with(causal{}), p);
  support::check_decode<float>(f, p, {290, 41});
}

TEST(attention_rotary, of_segments_counts_in_each) {
  const problem p{1, 300, 300, 4, 2, 24, 16};
  const index offsets[] = {0, 130, 131, 300};
  const auto f = turned<float>(softmax_attention{}.with(causal{}));
  support::operands<float> x(p), alone(p);
  f.with(segments{offsets, 3}).forward(x.q.read(), x.k.read(), x.v.read(), x.out.view());
  for (int s = 0; s < 3; ++s) {
    const auto part = [&](const auto& view) { return positions(view, offsets[s], offsets[s + 1]); };
    f.forward(part(alone.q.read()), part(alone.k.read()), part(alone.v.read()),
              part(alone.out.view()));
  }
  EXPECT_TRUE(support::same_bits(x.out.read(), alone.out.read()));
}

// Scores do not change if all positions move by the same amount, even from before the first key: 3
// queries over 1 key are as the last 3 of 9 over the last 1 of 9.
TEST(attention_rotary, of_queries_in_front_of_the_keys) {
  const index dim = 20;
  std::vector<double> q(3 * dim), k(9 * dim), out(3), wanted(9);
  for (std::size_t n = 0; n < q.size(); ++n) q[n] = support::uniform(1, n, -1, 1);
  for (std::size_t n = 0; n < k.size(); ++n) k[n] = support::uniform(2, n, -1, 1);
  const double one[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
  const auto f = attention<identity, unnormalized>{}.with(qk_rows{turn<double>(), turn<double>()});
  f.forward(ld(q.data(), 3, dim), ld(k.data(), 1, dim), ld(one, 1, 1), ld(out.data(), 3, 1));
  // the same key at 8, and q at 6, 7 and 8
  std::vector<double> later_q(9 * dim), later_k(9 * dim);
  std::copy(q.begin(), q.end(), later_q.begin() + 6 * dim);
  std::copy(k.begin(), k.begin() + dim, later_k.begin() + 8 * dim);
  f.forward(ld(later_q.data(), 9, dim), ld(later_k.data(), 9, dim), ld(one, 9, 1),
            ld(wanted.data(), 9, 1));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(out[i], wanted[6 + i], 1e-13) << i;
}

// There must be as many positions as the longest sequence has, not as all have together.
TEST(attention_rotary, of_segments_needs_the_longest) {
  const problem p{1, 300, 300, 4, 2, 24, 16};
  const index offsets[] = {0, 130, 131, 300};
  support::operands<float> x(p);
  const auto message = [&](index positions) {
    try {
      softmax_attention{}
          .with(on_q{rotary{turns<float>().data(), positions, 20}})
          .with(segments{offsets, 3})
          .forward(x.q.read(), x.k.read(), x.v.read(), x.out.view());
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(message(169), "no error");
  EXPECT_EQ(
      message(168),
      "skipmax: on_q: row rotary: positions: found 168, wanted at least 169, the positions that "
      "rows may have");
}

// A prompt and then token by token, keys turned before they are appended and queries by the
// attention, gives what all at once gives. The prompts have different lengths.
TEST(attention_rotary, of_a_cache) {
  const index prompt[] = {9, 4}, total = 15;
  const problem p{2, total, total, 4, 2, 20, 24};
  support::operands<float> x(p), wanted(p);
  const auto f = softmax_attention{}.with(on_q{turn<float>()});
  f.with(on_k{turn<float>()})
      .with(causal{})
      .forward(wanted.q.read(), wanted.k.read(), wanted.v.read(), wanted.out.view());

  kv_cache<float> cache(2, p.kv_heads, 40, p.key_dim, p.value_dim);
  support::tensor<float> turned_k(2, total, p.kv_heads, p.key_dim);
  for (index b = 0; b < 2; ++b)
    for (index first = 0, last = prompt[b]; first < total; first = last, ++last) {
      const auto part = [&](const auto& view) { return positions(sequence(view, b), first, last); };
      transform_rows(turn<float>(), part(x.k.read()), part(turned_k.view()), cache.lengths() + b);
      cache.append(b, part(turned_k.read()), part(x.v.read()));
      if (first == 0)
        f.prefill(part(x.q.read()), cache.sequence(b), part(x.out.view()));
      else
        f.decode(part(x.q.read()), cache.sequence(b), part(x.out.view()));
    }
  for (index b = 0; b < 2; ++b)
    for (index l = 0; l < total; ++l)
      for (index h = 0; h < p.heads; ++h)
        for (index d = 0; d < p.value_dim; ++d)
          ASSERT_NEAR(x.out.at(b, l, h, d), wanted.out.at(b, l, h, d), 1e-6) << b << " " << l;
}

}  // namespace
