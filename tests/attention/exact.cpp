// Whole numbers in, a power of two keys: nothing rounds, so the result must be right to the bit.
#include "skipmax/attention.hpp"
#include "support/check.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

template <class T, class Attention>
void check_exact(const Attention& a, const problem& p, int largest) {
  support::operands<T> x(p, 1, support::mixed_layouts(3));
  x.fill_whole(static_cast<std::uint64_t>(p.key_length), -largest, largest);
  support::run(a, x);
  std::vector<double> wanted(
      static_cast<std::size_t>(p.batch * p.query_length * p.heads * p.value_dim));
  const auto out = blhd(wanted.data(), p.batch, p.query_length, p.heads, p.value_dim);
  reference::forward(a, x.q.read(), x.k.read(), x.v.read(), out);
  for (index b = 0; b < p.batch; ++b)
    for (index i = 0; i < p.query_length; ++i)
      for (index h = 0; h < p.heads; ++h)
        for (index d = 0; d < p.value_dim; ++d)
          ASSERT_EQ(static_cast<double>(x.out.at(b, i, h, d)), out.row(b, i, h)[d])
              << support::text(p) << " at " << b << ", " << i << ", " << h << ", " << d;
}

// d is 4, 16 or 64: the scale is a power of two, too.
template <class T, class Score>
void check_lengths(Score h, int largest) {
  for (double alpha : {0., 1., 2.})
    for (index dim : {4, 16, 64})
      for (index keys : {1, 2, 16, 64, 256, 1024}) {
        const attention<Score, by_length<>> a{h, {alpha}, {}, {}, {}};
        check_exact<T>(a, {2, 19, keys, 4, 2, dim, 21}, largest);
      }
  const attention<Score, unnormalized> plain{h, {}, {}, {}, scale{1}};
  for (index keys : {3, 49, 100, 784}) check_exact<T>(plain, {1, 15, keys, 2, 1, 9, 35}, largest);
}

TEST(exact, identity_float) {
  check_lengths<float>(identity{}, 3);
}
TEST(exact, identity_double) {
  check_lengths<double>(identity{}, 100);
}
TEST(exact, relu_float) {
  check_lengths<float>(relu{}, 3);
}
TEST(exact, relu_double) {
  check_lengths<double>(relu{}, 100);
}
TEST(exact, squared_relu_float) {
  check_lengths<float>(squared_relu{}, 1);
}
TEST(exact, squared_relu_double) {
  check_lengths<double>(squared_relu{}, 20);
}
TEST(exact, relu6_float) {
  check_lengths<float>(relu6{}, 3);
}
TEST(exact, relu6_double) {
  check_lengths<double>(relu6{}, 100);
}

TEST(exact, under_a_causal_mask) {
  const attention<relu, by_length<fixed_number>, causal> a{{}, {1, {256}}, {}, {}, {}};
  for (index length : {5, 49, 196, 300}) {
    check_exact<float>(a, {1, length, length, 2, 2, 16, 20}, 3);
    check_exact<double>(a, {1, length, 2 * length, 2, 1, 16, 20}, 100);
  }
}

// Weights are exactly 0 below relu6's lower bound, and exactly 6 above its upper one.
TEST(exact, relu6_at_its_bounds) {
  const float q[] = {1}, k[] = {-1, 0, 3, 6, 100}, v[] = {1, 10, 100, 1000, 10000};
  float out[1];
  attention<relu6, unnormalized>{}.forward(ld(q, 1, 1), ld(k, 5, 1), ld(v, 5, 1), ld(out, 1, 1));
  EXPECT_EQ(out[0], 66300);
}

}  // namespace
