// Compares a row transform with its definition, at the edges of memory: `from` and `to` end, and
// begin, where nothing may be touched, and so may the learned vectors of the transform.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "skipmax/reference/rows.hpp"
#include "support/fenced.hpp"
#include "support/random.hpp"

namespace support {

using skipmax::row_place;

template <class T>
inline constexpr index register_lanes = skipmax::lanes<T, skipmax::native_isa>;

// Half the distance from 1 to the next number.
template <class T>
inline constexpr double unit_roundoff = sizeof(T) == 4 ? 0x1p-24 : 0x1p-53;

template <class T>
inline const index dims[] = {
    1, 3, register_lanes<T> - 1, register_lanes<T>, register_lanes<T> + 1, 64, 80, 128, 1000};

// Learned numbers [heads, dim] in [0.5, 2), before or after a fence.
template <class T>
class learned {
 public:
  learned(index heads, index dim, std::uint64_t seed, fence side)
      : memory_(heads * dim, side), heads_(heads), dim_(dim) {
    for (index n = 0; n < heads * dim; ++n)
      memory_.data()[n] = static_cast<T>(uniform(seed, static_cast<std::uint64_t>(n), 0.5, 2));
  }
  skipmax::head_vector<T> vector() const { return {memory_.data(), dim_, heads_}; }

 private:
  fenced<T> memory_;
  index heads_, dim_;
};

// fill(r, x) is element x of row r. tolerance(row)[x] is how far off y[x] may be, given the row
// before the transform. NaN passes only where the definition gives NaN.
template <class T, class R, class Fill, class Tolerance>
void check_rows(const R& transform, row_place first, index rows, index dim, Fill fill,
                Tolerance tolerance, fence side, bool in_place) {
  constexpr index W = register_lanes<T>;
  const T nan = static_cast<T>(NAN), junk = static_cast<T>(1e30);
  const index width = (dim + W - 1) / W * W, stride = in_place ? width : width + 1;
  fenced<T> in((rows - 1) * stride + width, side), out(rows * width, side);
  T* from = in_place ? out.data() : in.data();
  for (index n = 0; n < (rows - 1) * stride + width; ++n) from[n] = nan;
  for (index r = 0; r < rows; ++r)
    for (index x = 0; x < width; ++x)
      from[r * stride + x] = x < dim ? static_cast<T>(fill(r, x)) : junk;
  std::vector<std::vector<double>> before;
  for (index r = 0; r < rows; ++r) before.emplace_back(from + r * stride, from + r * stride + dim);

  transform.template forward<skipmax::native_isa, T>(
      first, skipmax::row_matrix<const T>{from, stride}, skipmax::row_matrix<T>{out.data(), width},
      rows, dim);

  for (index r = 0; r < rows; ++r) {
    const auto& row = before[static_cast<std::size_t>(r)];
    std::vector<double> wanted = row;
    skipmax::reference::transform_row<skipmax::native_isa>(
        transform, {first.batch, first.head, first.position + r, first.own_key + r}, wanted);
    const std::vector<double> far = tolerance(row);
    for (index x = 0; x < dim; ++x) {
      const double y = static_cast<double>(out.data()[r * width + x]);
      const double want = wanted[static_cast<std::size_t>(x)];
      if (std::isnan(want))
        ASSERT_TRUE(std::isnan(y)) << "row " << r << " of " << rows << ", " << x << " of " << dim;
      else
        ASSERT_TRUE(std::abs(y - want) <= far[static_cast<std::size_t>(x)])
            << "row " << r << " of " << rows << ", " << x << " of " << dim << ": found " << y
            << ", wanted " << want << " +- " << far[static_cast<std::size_t>(x)];
    }
  }
}

template <class T, class R, class Fill, class Tolerance>
void check_rows(const R& transform, row_place first, index rows, index dim, Fill fill,
                Tolerance tolerance) {
  for (fence side : {fence::before, fence::after})
    for (bool in_place : {false, true})
      check_rows<T>(transform, first, rows, dim, fill, tolerance, side, in_place);
}

// What check() says about a transform of rows of that many heads and elements.
template <class R>
std::string row_complaint(const R& transform, index heads, index dim,
                          const skipmax::problem& p = {}) {
  skipmax::error_message error{};
  transform.check(p, heads, dim, error);
  return error.text;
}

}  // namespace support
