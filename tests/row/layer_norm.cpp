#include "skipmax/row/layer_norm.hpp"

#include <limits>

#include "support/rows.hpp"

namespace {

using skipmax::head_vector;
using skipmax::index;
using skipmax::layer_norm;
using support::check_rows;
using support::fence;

static_assert(skipmax::row_transform<layer_norm<float>>);
static_assert(std::is_same_v<decltype(layer_norm{head_vector<float>{}}), layer_norm<float>>);
static_assert(
    std::is_same_v<decltype(layer_norm{head_vector<double>{}, {}, 1e-5}), layer_norm<double>>);

// With z = (x - mean) / deviation, this allows for the rounding of the sums, which grows as the
// square root of their length and is up to 9 times that of a variance, and of z, weight and bias;
// and for the definition's rounding of a mean that is large beside the deviation.
template <class T>
auto tolerance(double weight, double bias, double eps) {
  return [=](const std::vector<double>& row) {
    const double u = support::unit_roundoff<T>, n = static_cast<double>(row.size());
    double mean = 0, var = 0;
    for (double y : row) mean += y / n;
    for (double y : row) var += (y - mean) * (y - mean) / n;
    const double deviation = std::sqrt(var + eps);
    std::vector<double> far;
    for (double y : row)
      far.push_back(weight * ((1 + std::abs(y - mean) / deviation) * (16 + std::sqrt(n)) * u +
                              n * 0x1p-53 * std::abs(mean) / deviation) +
                    bias * 2 * u);
    return far;
  };
}

auto around(double mean, double spread) {
  return [=](index r, index x) {
    return mean + spread * support::uniform(7, static_cast<std::uint64_t>(1000 * r + x), -1.7, 1.7);
  };
}

template <class T, class Fill>
void check_sizes(Fill fill) {
  const index W = support::register_lanes<T>;
  for (index dim : support::dims<T>)
    for (index rows = 1; rows <= W + 3; ++rows)
      for (fence side : {fence::before, fence::after}) {
        const support::learned<T> all(1, dim, 1, side), each(3, dim, 2, side),
            bias(3, dim, 3, side);
        const auto close = tolerance<T>(2, 2, 1e-6);
        check_rows<T>(layer_norm<T>{}, {1, 2, 3}, rows, dim, fill, close, side, false);
        check_rows<T>(layer_norm<T>{all.vector()}, {1, 2, 3}, rows, dim, fill, close, side, true);
        check_rows<T>(layer_norm<T>{each.vector(), bias.vector()}, {1, 2, 3}, rows, dim, fill,
                      close, side, false);
        check_rows<T>(layer_norm<T>{{}, bias.vector(), 0.5}, {0, 1, 0}, rows, dim, fill,
                      tolerance<T>(2, 2, 0.5), side, true);
      }
}

TEST(layer_norm, every_size) {
  check_sizes<float>(around(0.25, 1));
  check_sizes<double>(around(0.25, 1));
}

TEST(layer_norm, mean_that_is_large_beside_the_deviation) {
  check_sizes<float>(around(1000, 1));
  check_sizes<double>(around(-1000, 1));
  // both kinds of rows side by side, and what lies between them
  const auto mixed = [](index r, index x) {
    return around(r % 3 == 0 ? 1000 : 0.5 * static_cast<double>(r), 1)(r, x);
  };
  check_sizes<float>(mixed);
  check_sizes<double>(mixed);
}

TEST(layer_norm, one_element_that_outweighs_the_row) {
  const auto outlier = [](index r, index x) { return x == r % 3 ? 1000 : around(0, 1)(r, x); };
  check_sizes<float>(outlier);
  check_sizes<double>(outlier);
}

template <class T>
void check_constant_rows() {
  for (index dim : support::dims<T>)
    for (double number : {0.0, 1.0, -3.7, 1e6}) {
      const support::learned<T> bias(1, dim, 3, fence::after);
      const double grid = std::abs(number) * support::unit_roundoff<T> / 1e-3;
      check_rows<T>(
          layer_norm<T>{{}, bias.vector()}, {}, support::register_lanes<T> + 1, dim,
          [=](index, index) { return number; },
          [=](const std::vector<double>& row) {
            // what is left of x - mean is less than a rounding of a rounding, but the
            // definition rounds its mean
            const double n = static_cast<double>(row.size());
            return std::vector<double>(row.size(), 4 * support::unit_roundoff<T> * (1 + n * grid) +
                                                       n * std::abs(number) * 0x1p-53 / 1e-3);
          });
    }
}

TEST(layer_norm, constant_rows_give_the_bias) {
  check_constant_rows<float>();
  check_constant_rows<double>();
}

template <class T>
void check_nan() {
  const index rows = support::register_lanes<T> + 3;
  for (double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    for (index dim : support::dims<T>)
      for (index row = 0; row < rows; ++row)
        check_rows<T>(
            layer_norm<T>{}, {}, rows, dim,
            [&](index r, index x) { return r == row && x == dim / 2 ? bad : around(0, 1)(r, x); },
            tolerance<T>(1, 0, 1e-6), fence::after, false);
}

TEST(layer_norm, nan_and_infinity_stay_in_their_row) {
  check_nan<float>();
  check_nan<double>();
}

// A row has the same bits alone, among others, and beside rows that take another number of passes.
template <class T>
void check_bits() {
  constexpr index W = support::register_lanes<T>, rows = 2 * W + 3, dim = 5 * W;
  std::vector<T> memory(static_cast<std::size_t>(rows * dim)), y(static_cast<std::size_t>(dim + W));
  for (index r = 0; r < rows; ++r)
    for (index x = 0; x < dim; ++x)
      memory[static_cast<std::size_t>(r * dim + x)] =
          static_cast<T>(around(r % 4 == 1 ? 1000 : 0.5, 1)(r, x));
  support::fenced<T> all(rows * dim, fence::before), one(dim, fence::before);
  const layer_norm<T> norm{};
  norm.template forward<skipmax::native_isa, T>({}, {memory.data(), dim}, {all.data(), dim}, rows,
                                                dim);
  for (index r = 0; r < rows; ++r) {
    norm.template forward<skipmax::native_isa, T>({}, {memory.data() + r * dim, dim},
                                                  {one.data(), dim}, index{1}, dim);
    for (index x = 0; x < dim; ++x)
      ASSERT_EQ(one.data()[x], all.data()[r * dim + x]) << "row " << r;
  }
}

TEST(layer_norm, rows_do_not_depend_on_each_other) {
  check_bits<float>();
  check_bits<double>();
}

TEST(layer_norm, no_elements_at_all) {
  check_rows<float>(layer_norm<float>{}, {}, 3, 0, around(0, 1), tolerance<float>(1, 1, 1e-6));
}

TEST(layer_norm, what_it_says) {
  using support::row_complaint;
  const float w[8] = {};
  EXPECT_EQ(row_complaint(layer_norm{head_vector{w, 4}, head_vector{w, 4, 2}}, 2, 4), "");
  EXPECT_EQ(row_complaint(layer_norm{head_vector{w, 5}}, 1, 4),
            "row layer_norm: weight: found [1, 5], wanted [1, 4]");
  EXPECT_EQ(row_complaint(layer_norm<float>{{}, {w, 5}}, 2, 4),
            "row layer_norm: bias: found [1, 5], wanted [1, 4] for all heads or [2, 4]");
  EXPECT_EQ(row_complaint(layer_norm<float>{{}, {}, -1}, 2, 4),
            "row layer_norm: eps: found -1, wanted a finite number, not negative");
}

}  // namespace
