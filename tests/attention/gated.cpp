// A gate alone after the attention. If it is as wide as whole registers it is applied while out is
// in registers; otherwise, and after a norm, in a pass of its own. Both give the same bits.
#include <limits>
#include <vector>

#include "skipmax/attention.hpp"
#include "support/bits.hpp"
#include "support/check.hpp"
#include "support/sanitized.hpp"

namespace {

using namespace skipmax;
using skipmax::index;
using support::operands;
using support::tensor;

// Leaves out as it is, but makes the gate a pass of its own.
struct nothing {
  template <class Isa, class T>
  SKIPMAX_INLINE void forward(row_place, row_matrix<const T> from, row_matrix<T> to, index rows,
                              index dim) const {
    for (index r = 0; r < rows; ++r)
      for (index i = 0; i < dim; ++i) to.data[r * to.stride + i] = from.data[r * from.stride + i];
  }
};

// G is the type of the gate's numbers.
template <class G, class T, class K, class V, class Out, class Attention>
void check(const Attention& plain, const problem& p, std::uint64_t seed) {
  const support::operand_layouts layouts = support::mixed_layouts(seed);
  operands<T, K, V, Out> x(p, seed, layouts), y(p, seed, layouts);
  tensor<G> g(p.batch, p.query_length, p.heads, p.value_dim, layouts.q);
  g.fill_uniform(77, -2, 2);
  const auto a = plain.with(gate{g.read()});
  support::run(a, x);
  support::run(a.with(on_out{nothing{}}), y);
  EXPECT_TRUE(support::same_bits(x.out.read(), y.out.read())) << support::text(p);
  EXPECT_TRUE(x.out.guards_intact() && g.guards_intact()) << support::text(p);
  if constexpr (std::is_same_v<T, V> && std::is_same_v<T, Out> && !is_half<T>) {
    const auto wanted = support::expect(a, x.q.read(), x.k.read(), x.v.read(), 2);
    EXPECT_TRUE(support::close(x.out.read(), wanted)) << support::text(p);
  }
}

template <class T, class G = T, class K = T, class V = T, class Out = T, class Attention>
void check_shapes(const Attention& a) {
  std::uint64_t seed = 0;
  for (const index queries : {1, 14, 17, 49})
    for (const index keys : {1, 33, support::sanitized ? 300 : 600})
      for (const index dim : {16, 64, 20})
        check<G, T, K, V, Out>(a, problem{support::sanitized ? 1 : 2, queries, keys, 4, 2, 24, dim},
                               ++seed);
}

TEST(gated, relu) {
  check_shapes<float>(relu_attention{});
}
TEST(gated, softmax) {
  check_shapes<float>(softmax_attention{});
}
TEST(gated, relu_causal_double) {
  check_shapes<double>(relu_attention{}.with(causal{}));
}
TEST(gated, relu_over_few_keys) {
  check_shapes<float>(relu_attention{}.with(skip_zeros::always).with(sliding_window{40, 40}));
}
TEST(gated, bf16) {
  check_shapes<bf16, bf16, bf16, bf16, bf16>(relu_attention{});
}
TEST(gated, gate_of_16_bits) {
  check_shapes<float, bf16>(softmax_attention{});
}

TEST(gated, segments) {
  const index offsets[] = {0, 1, 1, 300, 317, 600};
  check<float, float, float, float, float>(relu_attention{}.with(segments{offsets, 5}),
                                           problem{1, 600, 600, 2, 1, 24, 32}, 5);
}

// A row that sees no key is zeros, whatever its gate.
TEST(gated, a_row_without_keys_is_zeros) {
  const problem p{1, 28, 40, 1, 1, 16, 64};
  operands<float> x(p);
  tensor<float> g(1, 28, 1, 64);
  g.fill(std::numeric_limits<float>::infinity());
  std::vector<std::uint8_t> shown(28 * 40, 1);
  std::fill(shown.begin() + 40, shown.begin() + 80, std::uint8_t{0});
  const auto a = softmax_attention{}.with(dense_mask{shown.data(), 1, 1, 28, 40});
  support::run(a.with(gate{g.read()}), x);
  for (index i = 0; i < 28; ++i)
    for (index d = 0; d < 64; ++d) EXPECT_EQ(x.out.at(0, i, 0, d) == 0, i == 1) << i;
}

// The forward of a gate that is derived from the library's is called, whatever the rows.
struct one_more : gate<float> {
  template <class Isa, class T>
  SKIPMAX_INLINE void forward(row_place, row_matrix<const T> from, row_matrix<T> to, index rows,
                              index dim) const {
    for (index r = 0; r < rows; ++r)
      for (index i = 0; i < dim; ++i)
        to.data[r * to.stride + i] = from.data[r * from.stride + i] + 1;
  }
};

TEST(gated, a_gate_derived_from_the_librarys) {
  const problem p{1, 17, 40, 1, 1, 16, 64};
  operands<float> x(p), plain(p);
  tensor<float> g(1, 17, 1, 64);
  g.fill(5);
  support::run(relu_attention{}, plain);
  support::run(relu_attention{}.with(one_more{{g.read(), {}}}), x);
  for (index i = 0; i < 17; ++i)
    for (index d = 0; d < 64; ++d)
      EXPECT_FLOAT_EQ(x.out.at(0, i, 0, d), plain.out.at(0, i, 0, d) + 1) << i;
}

}  // namespace
