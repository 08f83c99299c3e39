#include "skipmax/tile/key_rows.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "support/fenced.hpp"
#include "support/random.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

constexpr index stride = 1088;  // of scores, more than any number of keys here

// Small whole numbers: their sums are exact in any order. The first key begins or the last one ends
// at a fence.
template <class T, class K>
void check(int rows, index keys, index depth, index gap, support::fence side) {
  const index k_stride = depth + gap;
  const support::fenced<K> k(keys * k_stride - gap, side);
  std::vector<T> k_numbers(static_cast<std::size_t>(keys * depth));
  for (index j = 0; j < keys; ++j)
    for (index x = 0; x < depth; ++x) {
      const auto n = static_cast<std::uint64_t>(j * depth + x);
      const int number = support::whole(1, n, -3, 3);
      k_numbers[n] = static_cast<T>(number);
      k.data()[j * k_stride + x] = support::number<K>(number);
    }
  constexpr index most_rows = row_lanes<T, native_isa>, most_depth = 256;
  alignas(64) T q[most_rows * most_depth];
  for (index i = 0; i < rows * depth; ++i)
    q[i] = static_cast<T>(support::whole(2, static_cast<std::uint64_t>(i), -3, 3));
  alignas(64) T parted[most_rows * most_depth];
  std::copy(q, q + rows * depth, parted);
  if (is_parted<T, K>)
    for (int r = 0; r < rows; ++r) to_parted_row<native_isa>(parted + r * depth, depth);
  alignas(64) static T s[most_rows * stride];
  for (T& number : s) number = T(-0.5);

  score_key_rows<native_isa, T, K>(parted, rows, {k.data(), k_stride}, depth, keys, {s, stride},
                                   (gap == 0) == (side == support::fence::after) ? 3 : 0);

  const index end = round_up(keys, lanes<T, native_isa>);
  index wrong = 0;
  for (index r = 0; r < most_rows; ++r)
    for (index j = 0; j < stride; ++j) {
      T wanted = r < rows && j < end ? T(0) : T(-0.5);
      if (r < rows && j < keys)
        for (index x = 0; x < depth; ++x)
          wanted += q[r * depth + x] * k_numbers[static_cast<std::size_t>(j * depth + x)];
      wrong += !(s[r * stride + j] == wanted);
    }
  EXPECT_EQ(wrong, 0) << rows << " rows, " << keys << " keys of " << depth << ", " << gap
                      << " apart";
}

// Rows that share a load by four, two and one, numbers of keys around a register and around the
// least for four streams, rows of k from a register to many.
template <class T, class K>
void check_all() {
  constexpr index W = lanes<T, native_isa>;
  for (const int rows : {1, 3, 4, 6, row_lanes<T, native_isa> - 1, row_lanes<T, native_isa>})
    for (const index keys : {index{1}, W - 1, W, W + 1, 4 * W - 1, 4 * W, 4 * W + 1, 5 * W + 3,
                             index{1023}, index{1024}})
      for (const index depth : {W, 2 * W, 3 * W, 5 * W, index{128}})
        for (const support::fence side : {support::fence::before, support::fence::after})
          for (const index gap : {index{0}, depth}) check<T, K>(rows, keys, depth, gap, side);
}

TEST(key_rows, are_the_sums_of_products_of_float) {
  check_all<float, float>();
}
TEST(key_rows, are_the_sums_of_products_of_double) {
  check_all<double, double>();
}
TEST(key_rows, are_the_sums_of_products_of_bf16) {
  check_all<float, bf16>();
}
TEST(key_rows, are_the_sums_of_products_of_f16) {
  check_all<float, f16>();
}

}  // namespace
