#include "skipmax/tile/nonzero_keys.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <vector>

#include "support/random.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

constexpr index stride = 320;

template <class T>
struct weights_of_rows {
  alignas(64) T at[2 * stride];

  // A share of zeros of both signs; the rest may be small, negative, infinite or NaN. Also beyond
  // the keys.
  weights_of_rows(std::uint64_t seed, double zeros) {
    const T values[] = {T(1),
                        T(-2),
                        std::numeric_limits<T>::denorm_min(),
                        -std::numeric_limits<T>::denorm_min(),
                        std::numeric_limits<T>::quiet_NaN(),
                        std::numeric_limits<T>::infinity()};
    for (std::uint64_t i = 0; i < 2 * stride; ++i)
      at[i] = support::uniform(seed, 2 * i, 0, 1) < zeros
                  ? (i % 3 == 0 ? -T(0) : T(0))
                  : values[support::whole(seed, 2 * i + 1, 0, 5)];
  }
};

template <int R, class T>
std::vector<index> expected(const T* weights, index keys) {
  std::vector<index> list;
  for (index j = 0; j < keys; ++j) {
    bool needed = false;
    for (index r = 0; r < R; ++r) needed = needed || !(weights[r * stride + j] == T(0));
    if (needed) list.push_back(j);
  }
  return list;
}

template <class T, int R>
void check() {
  std::uint64_t seed = 0;
  for (const double zeros : {0.0, 0.3, 0.9, 1.0})
    for (index keys = 0; keys <= 288; ++keys) {
      const weights_of_rows<T> w(++seed, zeros);
      const index first = keys % 16;  // a range need not start at a register
      const T* from = w.at + first;
      key_number list[room_of_list(288)];
      const index count = list_nonzero_keys<native_isa, R, stride>(from, keys, list);
      ASSERT_LE(count, keys);
      EXPECT_EQ(std::vector<index>(list, list + count), (expected<R>(from, keys)))
          << keys << " keys, a share of zeros of " << zeros;
    }
}

TEST(nonzero_keys, of_one_row) {
  check<float, 1>();
  check<double, 1>();
}
TEST(nonzero_keys, of_two_rows) {
  check<float, 2>();
  check<double, 2>();
}

// Pairs of bf16: the same floats, cut to their upper halves. A denormal of float becomes a zero.
#if defined(__AVX512BF16__) && defined(__AVX512F__)
template <int R>
void check_pairs() {
  for (index pairs = 0; pairs <= 144; ++pairs) {
    const weights_of_rows<float> w(static_cast<std::uint64_t>(pairs), 0.9);
    alignas(64) bf16_pair packed[2 * stride] = {};
    const auto half = [&](index at) { return std::bit_cast<std::uint32_t>(w.at[at]) >> 16; };
    for (index r = 0; r < 2; ++r)
      for (index i = 0; i < stride / 2; ++i)
        packed[r * stride + i].bits = half(r * stride + 2 * i) | half(r * stride + 2 * i + 1) << 16;
    const bf16_pair* from = packed + pairs % 16;
    std::vector<index> needed;
    for (index j = 0; j < pairs; ++j) {
      std::uint32_t bits = 0;
      for (index r = 0; r < R; ++r) bits |= from[r * stride + j].bits;
      if ((bits & 0x7fff7fffu) != 0) needed.push_back(j);
    }
    key_number list[room_of_list(288)];
    const index count = list_nonzero_keys<native_isa, R, stride>(from, pairs, list);
    EXPECT_EQ(std::vector<index>(list, list + count), needed) << pairs;
    const index by_table = list_by_table<native_isa, R, stride>(from, pairs, list);
    EXPECT_EQ(std::vector<index>(list, list + by_table), needed) << pairs;
  }
}
TEST(nonzero_keys, of_pairs) {
  check_pairs<1>();
  check_pairs<2>();
}
#endif

// What is used without AVX-512.
TEST(nonzero_keys, by_table) {
  for (index keys = 0; keys <= 288; ++keys) {
    const weights_of_rows<float> w(static_cast<std::uint64_t>(keys), 0.6);
    key_number list[room_of_list(288)];
    const index count = list_by_table<native_isa, 2, stride>(w.at, keys, list);
    ASSERT_LE(count, keys);
    EXPECT_EQ(std::vector<index>(list, list + count), (expected<2>(w.at, keys))) << keys;
  }
}

}  // namespace
