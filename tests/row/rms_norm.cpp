#include "skipmax/row/rms_norm.hpp"

#include <limits>

#include "support/rows.hpp"

namespace {

using skipmax::head_vector;
using skipmax::index;
using skipmax::rms_norm;
using support::check_rows;
using support::fence;

static_assert(skipmax::row_transform<rms_norm<float>>);
static_assert(
    std::is_same_v<decltype(rms_norm{head_vector<float>{}, 1e-5, true}), rms_norm<float>>);

// Rounding of the sum, which grows as the square root of its length, and of the few operations
// after it.
template <class T>
auto tolerance(double weight, double eps) {
  return [=](const std::vector<double>& row) {
    const double u = support::unit_roundoff<T>, n = static_cast<double>(row.size());
    double square = 0;
    for (double y : row) square += y * y / n;
    std::vector<double> far;
    for (double y : row)
      far.push_back(weight * std::abs(y) / std::sqrt(square + eps) * (8 + std::sqrt(n)) * u);
    return far;
  };
}

double element(index r, index x) {
  return support::uniform(7, static_cast<std::uint64_t>(1000 * r + x), -2, 3);
}

template <class T>
void check_sizes() {
  const index W = support::register_lanes<T>;
  for (index dim : support::dims<T>)
    for (index rows = 1; rows <= W + 3; ++rows)
      for (fence side : {fence::before, fence::after}) {
        const support::learned<T> all(1, dim, 1, side), each(3, dim, 2, side);
        check_rows<T>(rms_norm<T>{}, {1, 2, 3}, rows, dim, element, tolerance<T>(1, 1e-6), side,
                      true);
        check_rows<T>(rms_norm<T>{all.vector()}, {1, 2, 3}, rows, dim, element,
                      tolerance<T>(2, 1e-6), side, false);
        check_rows<T>(rms_norm<T>{each.vector(), 0.5}, {1, 2, 3}, rows, dim, element,
                      tolerance<T>(2, 0.5), side, true);
        check_rows<T>(rms_norm<T>{each.vector(), 1e-6, true}, {1, 1, 3}, rows, dim, element,
                      tolerance<T>(3, 1e-6), side, false);
      }
}

TEST(rms_norm, every_size) {
  check_sizes<float>();
  check_sizes<double>();
}

TEST(rms_norm, without_a_weight_one_plus_changes_nothing) {
  check_rows<float>(rms_norm<float>{{}, 1e-6, true}, {}, 5, 20, element, tolerance<float>(1, 1e-6));
}

TEST(rms_norm, rows_of_zeros_stay_zeros) {
  check_rows<float>(
      rms_norm<float>{}, {}, 5, 20, [](index, index) { return 0.0; },
      [](const std::vector<double>& row) { return std::vector<double>(row.size()); });
}

template <class T>
void check_nan() {
  const index rows = support::register_lanes<T> + 3;
  for (index dim : support::dims<T>)
    for (index row = 0; row < rows; ++row)
      check_rows<T>(
          rms_norm<T>{}, {}, rows, dim,
          [&](index r, index x) {
            return r == row && x == dim / 2 ? std::numeric_limits<double>::quiet_NaN()
                                            : element(r, x);
          },
          tolerance<T>(1, 1e-6), fence::after, false);
}

TEST(rms_norm, nan_stays_in_its_row) {
  check_nan<float>();
  check_nan<double>();
}

TEST(rms_norm, no_elements_at_all) {
  check_rows<float>(rms_norm<float>{}, {}, 3, 0, element, tolerance<float>(1, 1e-6));
}

TEST(rms_norm, what_it_says) {
  using support::row_complaint;
  const float w[8] = {};
  EXPECT_EQ(row_complaint(rms_norm{head_vector{w, 4, 2}}, 2, 4), "");
  EXPECT_EQ(row_complaint(rms_norm{head_vector{w, 5}}, 1, 4),
            "row rms_norm: weight: found [1, 5], wanted [1, 4]");
  EXPECT_EQ(row_complaint(rms_norm<float>{{}, std::numeric_limits<double>::infinity()}, 1, 4),
            "row rms_norm: eps: found inf, wanted a finite number, not negative");
}

}  // namespace
