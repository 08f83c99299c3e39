// Where the four tensors lie: any order of axes, gaps, alignment, strides of zero and below, the
// very end of memory, and the three parts of one fused projection.
#include <vector>

#include "skipmax/attention.hpp"
#include "support/bits.hpp"
#include "support/fenced.hpp"

namespace {

using namespace skipmax;
using skipmax::index;
using support::same_bits;

template <class T, class Attention>
void check_each_operand(const Attention& a) {
  const problem shapes[] = {{2, 13, 37, 4, 2, 19, 23}, {2, 13, 37, 4, 2, 16, 32}};
  for (const problem& p : shapes)
    for (const support::layout& l : support::layouts) {
      for (const support::operand_layouts& one : {support::operand_layouts{l, {}, {}, {}},
                                                  {{}, l, {}, {}},
                                                  {{}, {}, l, {}},
                                                  {{}, {}, {}, l}}) {
        support::operands<T> x(p, 3, one);
        support::check_against_reference(a, x);
      }
      support::operands<T> all(p, 3, {l, l, l, l});
      support::check_against_reference(a, all);
    }
}

TEST(layouts, each_operand_relu_float) {
  check_each_operand<float>(relu_attention{});
}
TEST(layouts, each_operand_relu_double) {
  check_each_operand<double>(relu_attention{});
}
TEST(layouts, each_operand_softmax_float) {
  check_each_operand<float>(softmax_attention{});
}
TEST(layouts, each_operand_softmax_double) {
  check_each_operand<double>(softmax_attention{});
}

// Not one element is read or written before the first or after the last.
template <class T, class Attention>
void check_fences(const Attention& a, index rows, index keys, index dim, index value_dim) {
  support::operands<T> x({1, rows, keys, 1, 1, dim, value_dim});
  support::run(a, x);
  for (support::fence side : {support::fence::before, support::fence::after}) {
    support::fenced<T> q(rows * dim, side), k(keys * dim, side), v(keys * value_dim, side),
        out(rows * value_dim, side);
    for (index i = 0; i < rows; ++i)
      for (index d = 0; d < dim; ++d) q.data()[i * dim + d] = x.q.at(0, i, 0, d);
    for (index j = 0; j < keys; ++j) {
      for (index d = 0; d < dim; ++d) k.data()[j * dim + d] = x.k.at(0, j, 0, d);
      for (index d = 0; d < value_dim; ++d) v.data()[j * value_dim + d] = x.v.at(0, j, 0, d);
    }
    const auto result = ld(out.data(), rows, value_dim);
    a.forward(ld(q.data(), rows, dim), ld(k.data(), keys, dim), ld(v.data(), keys, value_dim),
              result);
    EXPECT_TRUE(same_bits<T>(x.out.read(), result)) << support::text(x.sizes);
  }
}

template <class T, class Attention>
void check_all_fences(const Attention& a) {
  for (index dim = 1; dim <= 67; ++dim) {
    check_fences<T>(a, 3, 5, dim, 2);
    check_fences<T>(a, 3, 5, 2, dim);
    check_fences<T>(a, 3, dim, 7, 9);
    check_fences<T>(a, dim, 3, 7, 9);
  }
  check_fences<T>(a, 29, 259, 64, 64);
  check_fences<T>(a, 14, 300, 130, 100);
}

TEST(layouts, nothing_outside_is_touched_relu_float) {
  check_all_fences<float>(relu_attention{});
}
TEST(layouts, nothing_outside_is_touched_relu_double) {
  check_all_fences<double>(relu_attention{});
}
TEST(layouts, nothing_outside_is_touched_softmax_float) {
  check_all_fences<float>(softmax_attention{});
}
TEST(layouts, nothing_outside_is_touched_softmax_double) {
  check_all_fences<double>(softmax_attention{});
}

// One projection [batch, length, (heads + 2 kv heads) dim] is read where it lies.
template <class T, class Attention>
void check_split_qkv(const Attention& a, index heads, index kv_heads, index dim) {
  const index batch = 2, length = 49, width = (heads + 2 * kv_heads) * dim;
  std::vector<T> fused(static_cast<std::size_t>(batch * length * width));
  support::operands<T> x({batch, length, length, heads, kv_heads, dim, dim}, 4);
  const auto [q, k, v] = split_qkv(fused.data(), batch, length, heads, kv_heads, dim);
  for (index b = 0; b < batch; ++b)
    for (index l = 0; l < length; ++l)
      for (index d = 0; d < dim; ++d) {
        T* at = fused.data() + (b * length + l) * width;
        for (index h = 0; h < heads; ++h) at[h * dim + d] = x.q.at(b, l, h, d);
        for (index h = 0; h < kv_heads; ++h) {
          at[(heads + h) * dim + d] = x.k.at(b, l, h, d);
          at[(heads + kv_heads + h) * dim + d] = x.v.at(b, l, h, d);
        }
      }
  support::run(a, x);
  support::tensor<T> out(batch, length, heads, dim);
  a.forward(q, k, v, out.view());
  EXPECT_TRUE(same_bits(x.out.read(), out.read()));
}

TEST(layouts, split_qkv) {
  check_split_qkv<float>(relu_attention{}, 6, 6, 64);
  check_split_qkv<float>(softmax_attention{}, 6, 2, 64);
  check_split_qkv<float>(softmax_attention{}, 4, 1, 9);
  check_split_qkv<double>(softmax_attention{}, 6, 3, 20);
}

// A stride of 0 reads the same elements again: keys shared by a whole batch, one query for all.
TEST(layouts, strides_of_zero) {
  const problem one{1, 1, 33, 1, 1, 9, 10};
  support::operands<float> x(one), y({3, 5, 33, 2, 2, 9, 10});
  support::run(softmax_attention{}, x);
  const auto repeat = [](tensor_view<const float> t, index batch, index length, index heads,
                         strides s) { return blhd(t.data, batch, length, heads, t.dim, s); };
  const auto k = x.k.read(), v = x.v.read();
  softmax_attention{}.forward(repeat(x.q.read(), 3, 5, 2, {0, 0, 0}),
                              repeat(k, 3, 33, 2, {0, k.length_stride, 0}),
                              repeat(v, 3, 33, 2, {0, v.length_stride, 0}), y.out.view());
  for (index b = 0; b < 3; ++b)
    for (index i = 0; i < 5; ++i)
      for (index h = 0; h < 2; ++h)
        for (index d = 0; d < 10; ++d) EXPECT_EQ(y.out.at(b, i, h, d), x.out.at(0, 0, 0, d));
}

// A stride below 0 reads, or writes, from the end.
template <class T>
tensor_view<T> backwards(tensor_view<T> x) {
  x.data = x.row(0, x.length - 1, 0);
  x.length_stride = -x.length_stride;
  return x;
}

TEST(layouts, strides_below_zero) {
  support::operands<float> x({2, 21, 40, 2, 1, 17, 19}), y(x.sizes);
  support::run(relu_attention{}, x);
  relu_attention{}.forward(backwards(x.q.read()), x.k.read(), x.v.read(), backwards(y.out.view()));
  EXPECT_TRUE(same_bits(x.out.read(), y.out.read()));
  EXPECT_TRUE(y.out.guards_intact());

  softmax_attention{}.forward(x.q.read(), backwards(x.k.read()), backwards(x.v.read()),
                              y.out.view());
  EXPECT_TRUE(support::close(
      y.out.read(), support::expect(softmax_attention{}, x.q.read(), x.k.read(), x.v.read())));
}

}  // namespace
