// Decode over caches of 16 bits gives what it gives over the same numbers in float, since they are
// widened on their way into registers: to the bit, except for rows of bf16 that are read in place,
// whose numbers are added up in another order.
#include "skipmax/kv_cache.hpp"
#include "support/bits.hpp"
#include "support/decode.hpp"

namespace {

using namespace skipmax;
using skipmax::index;
using lengths = std::vector<index>;

// Some dims are whole registers, some are not: rows are read in place, or copied.
const problem shapes[] = {{1, 1, 600, 8, 2, 64, 64},
                          {2, 3, 1030, 4, 4, 32, 16},
                          {3, 1, 70, 7, 1, 17, 33},
                          {1, 16, 40, 2, 1, 128, 8},
                          {2, 1, 300, 2, 2, 8, 144}};

template <class To, class From>
void copy(const support::tensor<To>& to, const support::tensor<From>& from) {
  const tensor_view<const From> x = from.read();
  const auto y = const_cast<support::tensor<To>&>(to).view();
  for (index b = 0; b < x.batch; ++b)
    for (index l = 0; l < x.length; ++l)
      for (index h = 0; h < x.heads; ++h)
        for (index d = 0; d < x.dim; ++d)
          y.row(b, l, h)[d] = To(static_cast<float>(x.row(b, l, h)[d]));
}

template <class Q, class KV, class Out, class Attention>
void check(const Attention& a) {
  std::uint64_t seed = 0;
  for (const problem& p : shapes) {
    ++seed;
    support::operands<Q, KV, KV, Out> x(p, seed, support::mixed_layouts(seed));
    support::operands<float> y(p, seed);
    copy(y.q, x.q), copy(y.k, x.k), copy(y.v, x.v);
    lengths filled{p.key_length, p.key_length / 2, 3};
    filled.resize(static_cast<std::size_t>(p.batch));
    a.decode(x.q.read(), x.k.read(), x.v.read(), filled.data(), x.out.view());
    if constexpr (std::is_same_v<Out, float>) {
      const auto wanted =
          support::expect(support::as_forward(a, filled), y.q.read(), y.k.read(), y.v.read());
      EXPECT_TRUE(support::close(x.out.read(), wanted)) << support::text(p);
    } else {
      support::run_decode(a, y, filled);
      support::operands<Q, KV, KV, Out> rounded(p, seed);
      copy(rounded.out, y.out);
      EXPECT_TRUE(support::same_bits(x.out.read(), rounded.out.read())) << support::text(p);
    }
    EXPECT_TRUE(x.guards_intact()) << support::text(p);
  }
}

TEST(decode_half, softmax_over_bf16) {
  check<float, bf16, float>(softmax_attention{});
}
TEST(decode_half, relu_over_f16_all_of_it) {
  check<f16, f16, f16>(relu_attention{});
}
TEST(decode_half, k_through_a_norm) {
  check<float, bf16, bf16>(relu_attention{}.with(qk_rmsnorm<float>{}));
}

// -8 in q against 1 in k moves nearly all scores below zero, so that lists are worth while. 20 heads
// are more than a block of rows.
TEST(decode_half, zeros_left_out_or_not_give_the_same_bits) {
  for (const index heads : {1, 2, 7, 20}) {
    const problem p{1, 1, 1100, heads, 1, 16, 80};
    support::operands<float, bf16, bf16, float> x(p, 13), y(p, 13);
    for (support::operands<float, bf16, bf16, float>* o : {&x, &y}) {
      for (index l = 0; l < p.key_length; ++l) o->k.at(0, l, 0, 0) = bf16(1.0f);
      for (index h = 0; h < heads; ++h) o->q.at(0, 0, h, 0) = -8;
    }
    const index filled = 1090;
    const auto run = [&](auto& o, skip_zeros policy) {
      relu_attention{}.with(policy).decode(o.q.read(), o.k.read(), o.v.read(), &filled,
                                           o.out.view());
    };
    run(x, skip_zeros::never);
    for (const skip_zeros policy : {skip_zeros::always, skip_zeros::where_faster}) {
      run(y, policy);
      EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read())) << heads << " heads";
    }
  }
}

TEST(decode_half, a_cache_of_bf16) {
  const problem p{2, 5, 5, 2, 2, 16, 16};
  support::operands<float, bf16, bf16, float> x(p, 9), y(p, 9);
  kv_cache<bf16> cache(p.batch, p.kv_heads, 20, p.key_dim);
  cache.append(x.k.read(), x.v.read());
  softmax_attention{}.decode(x.q.read(), cache.k(), cache.v(), cache.lengths(), x.out.view());
  const index filled[] = {5, 5};
  softmax_attention{}.decode(y.q.read(), y.k.read(), y.v.read(), filled, y.out.view());
  EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read()));
}

TEST(decode_half, parts_of_a_cache_of_bf16) {
  const problem p{1, 2, 50, 2, 1, 16, 16};
  support::operands<float, bf16, bf16, float> x(p, 10), y(p, 10);
  partial<float> low, high;
  const softmax_attention f;
  f.forward_partial(x.q.read(), positions(x.k.read(), 0, 20), positions(x.v.read(), 0, 20), {0, 50},
                    low);
  f.forward_partial(x.q.read(), positions(x.k.read(), 20, 50), positions(x.v.read(), 20, 50),
                    {20, 50}, high);
  f.merge(low, high);
  f.finish(low, x.out.view());
  f.forward(y.q.read(), y.k.read(), y.v.read(), y.out.view());
  for (index i = 0; i < 2; ++i)
    for (index h = 0; h < 2; ++h)
      for (index d = 0; d < 16; ++d) EXPECT_NEAR(x.out.at(0, i, h, d), y.out.at(0, i, h, d), 1e-6f);
}

}  // namespace
