#include "skipmax/eigen/tensor.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "skipmax/eigen/matrix.hpp"  // as_ld of both headers must not collide
#include "support/message_of.hpp"

namespace {

using skipmax::index;
using skipmax::tensor_view;
using support::message_of;

template <class T, int Rank>
using row_major = Eigen::Tensor<T, Rank, Eigen::RowMajor>;
template <class T, int Rank>
using column_major = Eigen::Tensor<T, Rank>;

constexpr index B = 2, L = 5, H = 3, D = 4;

// Each element of the view must have the address of the tensor's own, element(b, l, h, x).
template <class T, class Element>
void expect_elements(tensor_view<T> view, index batch, index heads, const Element& element) {
  ASSERT_EQ(view.batch, batch);
  ASSERT_EQ(view.length, L);
  ASSERT_EQ(view.heads, heads);
  ASSERT_EQ(view.dim, D);
  for (index b = 0; b < batch; ++b)
    for (index l = 0; l < L; ++l)
      for (index h = 0; h < heads; ++h)
        for (index x = 0; x < D; ++x)
          ASSERT_EQ(&view.row(b, l, h)[x], &element(b, l, h, x))
              << "at " << b << ", " << l << ", " << h << ", " << x;
}

TEST(eigen_tensor, row_major_layouts) {
  row_major<float, 4> blhd(B, L, H, D), bhld(B, H, L, D);
  row_major<double, 3> lhd(L, H, D);
  row_major<double, 2> ld(L, D);
  expect_elements(
      skipmax::as_blhd(blhd), B,
      H, [&](index b, index l, index h, index x) -> auto& { return blhd(b, l, h, x); });
  expect_elements(
      skipmax::as_bhld(bhld), B,
      H, [&](index b, index l, index h, index x) -> auto& { return bhld(b, h, l, x); });
  expect_elements(
      skipmax::as_lhd(lhd), 1,
      H, [&](index, index l, index h, index x) -> auto& { return lhd(l, h, x); });
  expect_elements(
      skipmax::as_ld(ld), 1, 1, [&](index, index l, index, index x) -> auto& { return ld(l, x); });
}

TEST(eigen_tensor, heads_side_by_side) {
  row_major<float, 3> rows(B, L, H * D);
  column_major<float, 3> columns(H * D, L, B);
  expect_elements(
      skipmax::as_blhd(rows, H), B,
      H, [&](index b, index l, index h, index x) -> auto& { return rows(b, l, h * D + x); });
  expect_elements(
      skipmax::as_dhlb(columns, H), B,
      H, [&](index b, index l, index h, index x) -> auto& { return columns(h * D + x, l, b); });
  const index too_many = H * D + 1;
  EXPECT_THROW((void)skipmax::as_blhd(rows, too_many), std::invalid_argument);
  EXPECT_THROW((void)skipmax::as_dhlb(columns, 0), std::invalid_argument);
}

TEST(eigen_tensor, half_precision) {
  row_major<Eigen::bfloat16, 4> b(B, L, H, D);
  const row_major<Eigen::half, 4> h(
      row_major<Eigen::half, 4>(B, L, H, D).constant(Eigen::half(-1.5f)));
  column_major<Eigen::half, 2> dl(D, L);
  const tensor_view<skipmax::bf16> of_b = skipmax::as_blhd(b);
  const tensor_view<const skipmax::f16> of_h = skipmax::as_blhd(h);
  const tensor_view<skipmax::f16> of_dl = skipmax::as_dl(dl);
  *of_b.row(1, 4, 2) = skipmax::bf16(2.5f);
  *of_dl.row(0, 3, 0) = skipmax::f16(0.25f);
  EXPECT_EQ(static_cast<float>(b(1, 4, 2, 0)), 2.5f);
  EXPECT_EQ(static_cast<float>(dl(0, 3)), 0.25f);
  EXPECT_EQ(static_cast<float>(of_h.row(1, 4, 2)[3]), -1.5f);
  EXPECT_EQ(static_cast<void*>(of_b.data), static_cast<void*>(b.data()));
}

TEST(eigen_tensor, column_major_layouts) {
  column_major<float, 4> dhlb(D, H, L, B), dlhb(D, L, H, B);
  column_major<double, 3> dhl(D, H, L);
  column_major<double, 2> dl(D, L);
  expect_elements(
      skipmax::as_dhlb(dhlb), B,
      H, [&](index b, index l, index h, index x) -> auto& { return dhlb(x, h, l, b); });
  expect_elements(
      skipmax::as_dlhb(dlhb), B,
      H, [&](index b, index l, index h, index x) -> auto& { return dlhb(x, l, h, b); });
  expect_elements(
      skipmax::as_dhl(dhl), 1,
      H, [&](index, index l, index h, index x) -> auto& { return dhl(x, h, l); });
  expect_elements(
      skipmax::as_dl(dl), 1, 1, [&](index, index l, index, index x) -> auto& { return dl(x, l); });
}

TEST(eigen_tensor, maps_fixed_sizes_and_small_index_types) {
  std::vector<float> memory(static_cast<std::size_t>(B * L * H * D));
  Eigen::TensorMap<row_major<float, 4>> map(memory.data(), B, L, H, D);
  expect_elements(
      skipmax::as_blhd(map), B,
      H, [&](index b, index l, index h, index x) -> auto& { return map(b, l, h, x); });
  Eigen::TensorFixedSize<double, Eigen::Sizes<L, H, D>, Eigen::RowMajor> fixed;
  expect_elements(
      skipmax::as_lhd(fixed), 1,
      H, [&](index, index l, index h, index x) -> auto& { return fixed(l, h, x); });
  Eigen::Tensor<float, 2, Eigen::RowMajor, int> narrow(static_cast<int>(L), static_cast<int>(D));
  expect_elements(
      skipmax::as_ld(narrow), 1, 1, [&](index, index l, index, index x) -> auto& {
        return narrow(static_cast<int>(l), static_cast<int>(x));
      });
}

TEST(eigen_tensor, is_constant_where_the_tensor_is) {
  row_major<float, 4> t(B, L, H, D);
  const row_major<float, 4>& constant = t;
  static_assert(std::is_same_v<decltype(skipmax::as_blhd(t)), tensor_view<float>>);
  static_assert(std::is_same_v<decltype(skipmax::as_blhd(constant)), tensor_view<const float>>);
  expect_elements(
      skipmax::as_blhd(constant), B,
      H, [&](index b, index l, index h, index x) -> auto& { return constant(b, l, h, x); });
  using map = Eigen::TensorMap<row_major<float, 4>>;
  using map_of_const = Eigen::TensorMap<const row_major<float, 4>>;
  // A temporary map is welcome: it does not own what it shows.
  static_assert(std::is_same_v<decltype(skipmax::as_blhd(std::declval<map>())),  //
                               tensor_view<float>>);
  static_assert(std::is_same_v<decltype(skipmax::as_blhd(std::declval<map_of_const>())),
                               tensor_view<const float>>);
  EXPECT_EQ(skipmax::as_blhd(map_of_const(t.data(), B, L, H, D)).data, t.data());
  skipmax::as_blhd(t).row(1, 4, 2)[3] = 42;
  EXPECT_EQ(constant(1, 4, 2, 3), 42);
}

TEST(eigen_tensor, takes_empty_tensors) {
  row_major<float, 4> none(0, L, H, D), no_keys(B, 0, H, D);
  EXPECT_EQ(skipmax::as_blhd(none).batch, 0);
  EXPECT_EQ(skipmax::as_blhd(none).length, L);
  EXPECT_EQ(skipmax::as_blhd(no_keys).length, 0);
  EXPECT_EQ(skipmax::as_blhd(no_keys).dim, D);
}

TEST(split_qkv, takes_a_fused_projection_apart) {
  constexpr index kv_heads = 1;
  row_major<float, 3> fused(B, L, (H + 2 * kv_heads) * D);
  const auto [q, k, v] = skipmax::split_qkv(fused, H, kv_heads);
  expect_elements(
      q, B, H, [&](index b, index l, index h, index x) -> auto& { return fused(b, l, h * D + x); });
  expect_elements(
      k, B, kv_heads, [&](index b, index l, index h, index x) -> auto& {
        return fused(b, l, (H + h) * D + x);
      });
  expect_elements(
      v, B, kv_heads, [&](index b, index l, index h, index x) -> auto& {
        return fused(b, l, (H + kv_heads + h) * D + x);
      });
}

TEST(split_qkv, has_as_many_kv_heads_as_heads_unless_told) {
  const row_major<double, 3> fused(B, L, 3 * H * D);
  const auto parts = skipmax::split_qkv(fused, H);
  static_assert(std::is_same_v<decltype(parts.q), tensor_view<const double>>);
  expect_elements(
      parts.k, B,
      H, [&](index b, index l, index h, index x) -> auto& { return fused(b, l, (H + h) * D + x); });
  expect_elements(
      parts.v, B, H, [&](index b, index l, index h, index x) -> auto& {
        return fused(b, l, (2 * H + h) * D + x);
      });
}

TEST(split_qkv, names_what_was_found_and_wanted) {
  const row_major<float, 3> fused(B, L, 100), empty(B, L, 0);
  EXPECT_EQ(message_of([&] { (void)skipmax::split_qkv(fused, 6); }),
            "skipmax: split_qkv: width: found 100, wanted a multiple of 6 heads of q and twice 6 "
            "of k and v");
  EXPECT_EQ(message_of([&] { (void)skipmax::split_qkv(empty, 2, __INT64_MAX__); }),
            "skipmax: split_qkv: width: found 0, wanted a multiple of 2 heads of q and twice "
            "9223372036854775807 of k and v");
  EXPECT_EQ(message_of([&] { (void)skipmax::split_qkv(fused, 0); }),
            "skipmax: split_qkv: heads: found 0, wanted at least 1");
  EXPECT_EQ(message_of([&] { (void)skipmax::split_qkv(fused, 4, -1); }),
            "skipmax: split_qkv: kv_heads: found -1, wanted at least 1");
  EXPECT_EQ(message_of([&] { (void)skipmax::split_qkv(fused, 16, 2); }), "no error");
  EXPECT_EQ(skipmax::split_qkv(empty, 6).q.dim, 0);
}

}  // namespace
