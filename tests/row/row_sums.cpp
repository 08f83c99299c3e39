#include "skipmax/row/row_sums.hpp"

#include <gtest/gtest.h>

namespace {

using skipmax::index;

// Lane i of row r is r * 100 + i: the sums are whole numbers, each of its own.
template <class T>
void check_sums() {
  using V = skipmax::simd<T, skipmax::native_isa>;
  constexpr int W = V::size, E = skipmax::row_group<T>;
  constexpr int step = skipmax::row_step<T, skipmax::native_isa>;
  V group[2][E];
  for (int r = 0; r < 2 * E; ++r)
    group[r / E][r % E] = V(static_cast<T>(100 * r)) + skipmax::math::lane_numbers<V>();
  alignas(64) T sum[W];
  skipmax::sum_across(skipmax::reduce_within_128_bits(group[0], skipmax::plus{}),
                      skipmax::reduce_within_128_bits(group[1], skipmax::plus{}))
      .store_aligned(sum);
  for (int r = 0; r < step; ++r) EXPECT_EQ(sum[r], T(100 * r * W + W * (W - 1) / 2)) << "row " << r;
}

TEST(row_sums, each_row_to_its_own_lane) {
  check_sums<float>();
  check_sums<double>();
}

template <class T>
void check_steps() {
  constexpr index step = skipmax::row_step<T, skipmax::native_isa>;
  for (index rows = 0; rows <= 4 * step + 1; ++rows) {
    index summed = 0, found = 0, finished = 0, sums_of = -1, found_of = -1;
    skipmax::in_steps<skipmax::native_isa, T>(
        rows,
        [&](index r, int count) SKIPMAX_LAMBDA {
          EXPECT_EQ(r, summed);
          sums_of = r, summed += count;
        },
        [&](index r, int count) SKIPMAX_LAMBDA {
          EXPECT_EQ(r, found);
          EXPECT_EQ(r, sums_of);
          found_of = r, found += count;
        },
        [&](index r, int count) SKIPMAX_LAMBDA {
          EXPECT_EQ(r, finished);
          EXPECT_EQ(found_of, r);
          finished += count;
        });
    EXPECT_EQ(summed, rows);
    EXPECT_EQ(found, rows);
    EXPECT_EQ(finished, rows);
  }
}

TEST(row_sums, every_step_is_summed_found_and_finished_once) {
  check_steps<float>();
  check_steps<double>();
}

}  // namespace
