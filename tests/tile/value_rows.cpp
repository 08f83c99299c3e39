#include "skipmax/tile/value_rows.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "skipmax/simd/register_block.hpp"
#include "skipmax/simd/row_ops.hpp"
#include "support/fenced.hpp"
#include "support/random.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

// Small whole numbers: their sums are exact in any order. The first row of v begins or the
// last one ends at a fence.
template <class T, class X, class Keys>
void check(int rows, Keys keys, index held, index width, index gap, support::fence side) {
  const index v_stride = width + gap, weight_stride = held + 3;
  const support::fenced<X> v(held * v_stride - gap, side);
  std::vector<int> v_numbers(static_cast<std::size_t>(held * width));
  for (index j = 0; j < held; ++j)
    for (index x = 0; x < width; ++x) {
      const auto n = static_cast<std::uint64_t>(j * width + x);
      v_numbers[n] = support::whole(1, n, -3, 3);
      v.data()[j * v_stride + x] = support::number<X>(v_numbers[n]);
    }
  std::vector<T> weights(static_cast<std::size_t>(rows * weight_stride));
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights[i] = static_cast<T>(support::whole(2, i, -3, 3));
  constexpr index most_rows = row_lanes<T, native_isa>, most_width = 256;
  alignas(64) static T sum[(most_rows + 1) * most_width];
  for (T& number : sum) number = T(0);

  value_rows<native_isa, T, X>(weights.data(), weight_stride, rows, {v.data(), v_stride}, keys,
                               {sum, width}, width,
                               (gap == 0) == (side == support::fence::after) ? 2 : 0);

  alignas(64) static T in_order[most_rows * most_width];
  for (index r = 0; r < rows; ++r) {
    T* const to = in_order + r * width;
    std::fill(to, to + width, T(7));
    if (is_parted<T, X>)
      add_parted_row<native_isa>(to, sum + r * width, width);
    else
      add_row<native_isa>(to, sum + r * width, width);
  }
  index wrong = 0;
  for (index x = 0; x < width; ++x) wrong += !(sum[rows * width + x] == 0);
  for (index r = 0; r < rows; ++r)
    for (index x = 0; x < width; ++x) {
      T wanted = T(7);
      for (index m = 0; m < keys.count; ++m)
        wanted += weights[static_cast<std::size_t>(r * weight_stride + keys[m])] *
                  static_cast<T>(v_numbers[static_cast<std::size_t>(keys[m] * width + x)]);
      wrong += !(in_order[r * width + x] == wanted);
    }
  EXPECT_EQ(wrong, 0) << rows << " rows, " << keys.count << " keys of " << width << ", " << gap
                      << " apart";
}

// Every number of rows; of keys multiples of four and others, one and none.
template <class T, class X>
void check_all() {
  constexpr index W = lanes<T, native_isa>;
  for (int rows = 1; rows <= row_lanes<T, native_isa>; ++rows)
    for (const index count : {0, 1, 2, 31, 256})
      for (const index width : {W, 2 * W, 5 * W})
        for (const index gap : {0, 3})
          for (const support::fence side : {support::fence::before, support::fence::after}) {
            const index held = count > 0 ? count : 1;
            check<T, X>(rows, keys_in_streams{count, 0, count}, held, width, gap, side);
            const index range = count + 70;  // of which these are number 68 to the last but one
            check<T, X>(rows, keys_in_streams{range, 68, count + 1}, range, width, gap, side);
            std::vector<key_number> list(static_cast<std::size_t>(count));
            std::iota(list.begin(), list.end(), key_number{0});
            for (key_number& key : list) key = static_cast<key_number>(3 * key + 1);
            for (const index some : {count, count / 2})  // a sum has all of a list or a part
              check<T, X>(rows, listed_keys{list.data(), some, count}, 3 * count + 1, width, gap,
                          side);
          }
}

TEST(value_rows, take_all_keys_at_once_for_one_block) {
  for (int rows = 1; rows <= 16; ++rows) {
    int by_four = 0, by_two = 0;
    for_each_rows<4>(rows, [&](auto, int) { ++by_four; });
    for_each_rows<2>(rows, [&](auto, int) { ++by_two; });
    EXPECT_EQ(is_one_block<4>(rows), by_four == 1) << rows;
    EXPECT_EQ(is_one_block<2>(rows), by_two == 1) << rows;
  }
}

// A range has each key once, and goes on a quarter of it further from one to the next.
TEST(value_rows, go_through_a_range_from_its_quarters) {
  for (const index count : {1, 3, 4, 7, 8, 255, 1024}) {
    const keys_in_streams range{count, 0, count};
    std::vector<index> keys;
    for (index n = 0; n < count; ++n) keys.push_back(range[n]);
    for (index n = 0; n < count / 4 * 4; ++n)
      EXPECT_EQ(keys[static_cast<std::size_t>(n)], n % 4 * (count / 4) + n / 4);
    const index first = count / 8 * 4;
    const keys_in_streams rest{count, first, count - first};
    for (index n = first; n < count; ++n)
      EXPECT_EQ(rest[n - first], keys[static_cast<std::size_t>(n)]);
    std::sort(keys.begin(), keys.end());
    for (index n = 0; n < count; ++n) EXPECT_EQ(keys[static_cast<std::size_t>(n)], n);
  }
}

// A list is put into the order of its range: leaving out a key changes neither the place of another
// nor the sum that it goes into.
TEST(value_rows, order_a_list_as_its_range) {
  constexpr index keys_a_sum = 256;
  for (const index count : {1, 2, 7, 8, 255, 256, 257, 700, 1024})
    for (const std::uint64_t share : {0u, 1u, 3u, 4u}) {
      const auto is_listed = [&](index key) {
        return support::whole(share, static_cast<std::uint64_t>(key), 0, 3) <
               static_cast<int>(share);
      };
      std::vector<key_number> list, ordered, wanted;
      std::vector<index> ends, wanted_ends;
      for (index key = 0; key < count; ++key)
        if (is_listed(key)) list.push_back(static_cast<key_number>(key));
      const keys_in_streams range{count, 0, count};
      for (index n = 0; n < count; ++n) {
        if (is_listed(range[n])) wanted.push_back(static_cast<key_number>(range[n]));
        if ((n + 1) % keys_a_sum == 0 || n + 1 == count)
          wanted_ends.push_back(static_cast<index>(wanted.size()));
      }
      ordered.resize(list.size());
      ends.resize(wanted_ends.size());
      order_in_streams(list.data(), static_cast<index>(list.size()), count, keys_a_sum,
                       ordered.data(), ends.data());
      EXPECT_EQ(ordered, wanted) << count << " keys, " << share << " of 4 listed";
      EXPECT_EQ(ends, wanted_ends) << count << " keys, " << share << " of 4 listed";
    }
}

TEST(value_rows, are_sums_over_the_keys_in_f32) {
  check_all<float, float>();
}
TEST(value_rows, are_sums_over_the_keys_in_f64) {
  check_all<double, double>();
}
TEST(value_rows, are_sums_over_the_keys_in_bf16) {
  check_all<float, bf16>();
}
TEST(value_rows, are_sums_over_the_keys_in_f16) {
  check_all<float, f16>();
}

}  // namespace
