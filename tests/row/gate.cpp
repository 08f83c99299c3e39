#include "skipmax/row/gate.hpp"

#include "skipmax/row/row_slots.hpp"
#include "skipmax/score/sigmoid.hpp"
#include "skipmax/score/silu.hpp"
#include "support/rows.hpp"
#include "support/tensor.hpp"

namespace {

using skipmax::gate;
using skipmax::index;
using skipmax::problem;
using support::check_rows;
using support::row_complaint;

using view = skipmax::tensor_view<float>;
using const_view = skipmax::tensor_view<const float>;
static_assert(skipmax::output_gate<gate<float>>);
static_assert(skipmax::output_gate<gate<double, skipmax::silu>>);
static_assert(std::is_same_v<decltype(gate{view{}}), gate<float>>);
static_assert(std::is_same_v<decltype(gate{const_view{}}), gate<float>>);
static_assert(std::is_same_v<decltype(gate{view{}, skipmax::silu{}}), gate<float, skipmax::silu>>);
static_assert(
    std::is_same_v<decltype(gate{const_view{}, skipmax::silu{}}), gate<float, skipmax::silu>>);

double element(index r, index x) {
  return support::uniform(7, static_cast<std::uint64_t>(1000 * r + x), -1, 1);
}

// One rounding of the product and a few of act, which is at most 2 for the numbers in g.
template <class T>
std::vector<double> close(const std::vector<double>& row) {
  std::vector<double> far;
  for (double x : row) far.push_back(std::abs(x) * 2 * 8 * support::unit_roundoff<T>);
  return far;
}

// What lies around g's rows is NaN, in every layout.
template <class T, class Act>
void check_gate(Act act) {
  const index W = support::register_lanes<T>;
  for (support::layout l : support::layouts)
    for (index dim : support::dims<T>) {
      if (dim > 128) continue;
      support::tensor<T> each(2, W + 5, 3, dim, l), one(2, W + 5, 3, 1, l);
      each.fill_uniform(1, -2, 2);
      one.fill_uniform(2, -2, 2);
      for (index rows = 1; rows <= W + 3; ++rows) {
        check_rows<T>(gate{each.view(), act}, {1, 2, 2}, rows, dim, element, close<T>);
        check_rows<T>(gate{one.read(), act}, {0, 1, 1}, rows, dim, element, close<T>);
      }
    }
}

TEST(gate, identity) {
  check_gate<float>(skipmax::identity{});
  check_gate<double>(skipmax::identity{});
}

TEST(gate, silu) {
  check_gate<float>(skipmax::silu{});
  check_gate<double>(skipmax::silu{});
}

TEST(gate, sigmoid) {
  check_gate<float>(skipmax::sigmoid{});
  check_gate<double>(skipmax::sigmoid{});
}

// Rows of g that end, and begin, where nothing may be read.
TEST(gate, nothing_outside_of_g_is_read) {
  for (index dim : support::dims<float>)
    for (support::fence side : {support::fence::before, support::fence::after}) {
      support::fenced<float> g(5 * dim, side), one(5, side);
      for (index n = 0; n < 5 * dim; ++n) g.data()[n] = static_cast<float>(n);
      for (index n = 0; n < 5; ++n) one.data()[n] = static_cast<float>(n);
      const auto rounded = [](const std::vector<double>& row) {
        std::vector<double> far;
        for (double x : row) far.push_back(std::abs(x) * 5000 * 0x1p-23);
        return far;
      };
      check_rows<float>(gate{skipmax::ld(g.data(), 5, dim)}, {}, 5, dim, element, rounded);
      check_rows<float>(gate{skipmax::ld(one.data(), 5, 1)}, {}, 5, dim, element, rounded);
    }
}

TEST(gate, what_it_says) {
  problem p{};
  p.batch = 2, p.query_length = 5, p.key_length = 9;
  const float numbers[1] = {};
  EXPECT_EQ(row_complaint(gate{skipmax::blhd(numbers, 2, 5, 3, 4)}, 3, 4, p), "");
  EXPECT_EQ(row_complaint(gate{skipmax::blhd(numbers, 2, 5, 3, 1)}, 3, 4, p), "");
  EXPECT_EQ(row_complaint(gate{skipmax::blhd(numbers, 2, 9, 3, 4)}, 3, 4, p),
            "gate: g: found [2, 9, 3, 4], wanted [2, 5, 3, 4], or 1 for the last");
  EXPECT_EQ(row_complaint(gate{skipmax::blhd(numbers, 1, 5, 3, 1)}, 3, 4, p),
            "gate: g: found [1, 5, 3, 1], wanted [2, 5, 3, 4], or 1 for the last");
  EXPECT_EQ(row_complaint(gate{skipmax::blhd(numbers, 2, 5, 1, 4)}, 3, 4, p),
            "gate: g: found [2, 5, 1, 4], wanted [2, 5, 3, 4], or 1 for the last");
  EXPECT_EQ(row_complaint(gate{skipmax::blhd(numbers, 2, 5, 3, 2)}, 3, 4, p),
            "gate: g: found [2, 5, 3, 2], wanted [2, 5, 3, 4], or 1 for the last");
  EXPECT_EQ(row_complaint(gate<float>{skipmax::blhd<const float>(nullptr, 2, 5, 3, 4)}, 3, 4, p),
            "gate: g: found a null pointer, wanted [2, 5, 3, 4]");
  EXPECT_EQ(row_complaint(gate{skipmax::blhd(numbers, 2, 5, 3, 4),
                               skipmax::sigmoid{std::numeric_limits<double>::infinity()}},
                          3, 4, p),
            "score sigmoid: bias: found inf, wanted a finite number");
}

}  // namespace
