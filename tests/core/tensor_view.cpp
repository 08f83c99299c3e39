#include "skipmax/tensor_view.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace {

using namespace skipmax;
using skipmax::index;

std::vector<float> counted(index elements) {
  std::vector<float> x(static_cast<std::size_t>(elements));
  std::iota(x.begin(), x.end(), 0.f);
  return x;
}

template <class T>
void expect_shape(const tensor_view<T>& x, index batch, index length, index heads, index dim) {
  EXPECT_EQ(x.batch, batch);
  EXPECT_EQ(x.length, length);
  EXPECT_EQ(x.heads, heads);
  EXPECT_EQ(x.dim, dim);
}

TEST(tensor_view, blhd_is_contiguous) {
  auto x = counted(2 * 3 * 4 * 5);
  const auto view = blhd(x.data(), 2, 3, 4, 5);
  expect_shape(view, 2, 3, 4, 5);
  for (index b = 0; b < 2; ++b)
    for (index l = 0; l < 3; ++l)
      for (index h = 0; h < 4; ++h)
        EXPECT_EQ(*view.row(b, l, h), static_cast<float>(((b * 3 + l) * 4 + h) * 5));
}

TEST(tensor_view, bhld_has_heads_outside) {
  auto x = counted(2 * 3 * 4 * 5);
  const auto view = bhld(x.data(), 2, 4, 3, 5);
  expect_shape(view, 2, 3, 4, 5);
  for (index b = 0; b < 2; ++b)
    for (index l = 0; l < 3; ++l)
      for (index h = 0; h < 4; ++h)
        EXPECT_EQ(*view.row(b, l, h), static_cast<float>(((b * 4 + h) * 3 + l) * 5));
}

TEST(tensor_view, lhd_and_ld_are_one_sequence) {
  auto x = counted(3 * 4 * 5);
  expect_shape(lhd(x.data(), 3, 4, 5), 1, 3, 4, 5);
  expect_shape(ld(x.data(), 12, 5), 1, 12, 1, 5);
  EXPECT_EQ(*lhd(x.data(), 3, 4, 5).row(0, 2, 1), 45);
  EXPECT_EQ(*ld(x.data(), 12, 5).row(0, 7, 0), 35);
}

TEST(tensor_view, strides_are_taken_as_given) {
  auto x = counted(1000);
  EXPECT_EQ(*blhd(x.data(), 2, 3, 4, 5, {400, 100, 10}).row(1, 2, 3), 630);
  EXPECT_EQ(*bhld(x.data(), 2, 4, 3, 5, {400, 10, 100}).row(1, 2, 3), 720);
  EXPECT_EQ(*lhd(x.data(), 3, 4, 5, {0, 7, 30}).row(0, 2, 3), 104);
  EXPECT_EQ(*ld(x.data(), 12, 5, {0, 9, 0}).row(0, 11, 0), 99);
  EXPECT_EQ(*ld(x.data() + 99, 12, 5, {0, -9, 0}).row(0, 11, 0), 0);
}

TEST(tensor_view, becomes_a_view_of_const) {
  auto x = counted(10);
  const tensor_view<const float> view = ld(x.data(), 2, 5);
  expect_shape(view, 1, 2, 1, 5);
  EXPECT_EQ(view.row(0, 1, 0), x.data() + 5);
  static_assert(!std::is_convertible_v<tensor_view<const float>, tensor_view<float>>);
  static_assert(std::is_same_v<tensor_view<const float>::value_type, float>);
}

TEST(tensor_view, split_qkv_names_the_parts_of_a_row) {
  const index batch = 2, length = 3, heads = 4, kv_heads = 2, dim = 5, width = (4 + 2 * 2) * 5;
  auto x = counted(batch * length * width);
  const auto parts = split_qkv(x.data(), batch, length, heads, kv_heads, dim);
  expect_shape(parts.q, batch, length, heads, dim);
  expect_shape(parts.k, batch, length, kv_heads, dim);
  expect_shape(parts.v, batch, length, kv_heads, dim);
  for (index b = 0; b < batch; ++b)
    for (index l = 0; l < length; ++l) {
      const auto start = static_cast<float>((b * length + l) * width);
      EXPECT_EQ(*parts.q.row(b, l, 3), start + 15);
      EXPECT_EQ(*parts.k.row(b, l, 1), start + 25);
      EXPECT_EQ(*parts.v.row(b, l, 1), start + 35);
    }
}

TEST(tensor_view, split_qkv_of_nothing_is_nothing) {
  const auto parts = split_qkv<float>(nullptr, 2, 3, 4, 2, 5);
  EXPECT_EQ(parts.q.data, nullptr);
  EXPECT_EQ(parts.k.data, nullptr);
  EXPECT_EQ(parts.v.data, nullptr);
}

static_assert(is_tensor_view<tensor_view<double>>);
static_assert(!is_tensor_view<double*>);

}  // namespace
