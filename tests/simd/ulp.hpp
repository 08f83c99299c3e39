// Errors in units in the last place, over a grid that reaches every exponent of the format.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "skipmax/simd/isa.hpp"
#include "skipmax/simd/math.hpp"

namespace ulp {

using skipmax::native_isa;
using skipmax::simd;

// Fewer where long double is software, as on ARM: under qemu they take minutes.
constexpr int grid_points = std::numeric_limits<long double>::digits > 64 ? 20000 : 100000;

// The numbers from lo to hi: evenly through the floating point format (so that every exponent and
// the denormals have their share), evenly through the interval, and both ends.
template <class T>
std::vector<T> grid(double lo, double hi, int count = grid_points) {
  using bits = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
  const auto rank = [](T x) {  // whole numbers in the order of the numbers they stand for
    bits b;
    std::memcpy(&b, &x, sizeof b);
    return b < 0 ? std::numeric_limits<bits>::min() - b : b;
  };
  const auto at_rank = [](bits b) {
    if (b < 0) b = std::numeric_limits<bits>::min() - b;
    T x;
    std::memcpy(&x, &b, sizeof x);
    return x;
  };
  // in long double, because the distance of two ranks overflows
  const long double first = rank(static_cast<T>(lo)), last = rank(static_cast<T>(hi));
  std::vector<T> x;
  for (int i = 0; i <= count; ++i)
    x.push_back(at_rank(static_cast<bits>(first + (last - first) * i / count)));
  for (int i = 0; i <= count; ++i) {
    const double t = static_cast<double>(i) / count;
    x.push_back(static_cast<T>(lo * (1 - t) + hi * t));  // hi - lo may overflow
  }
  return x;
}

// f over all of x, a register at a time; neighbours in a register are far apart in x.
template <class T, class F>
std::vector<T> by_register(F f, const std::vector<T>& x) {
  using V = simd<T, native_isa>;
  constexpr std::size_t width = V::size;
  const std::size_t blocks = (x.size() + width - 1) / width;
  std::vector<T> y(x.size());
  for (std::size_t b = 0; b < blocks; ++b) {
    alignas(64) T lane[width];
    for (std::size_t i = 0; i < width; ++i) lane[i] = x[std::min(b + i * blocks, x.size() - 1)];
    f(V::load_aligned(lane)).store_aligned(lane);
    for (std::size_t i = 0; i < width && b + i * blocks < x.size(); ++i)
      y[b + i * blocks] = lane[i];
  }
  return y;
}

template <class T, class F>
std::vector<T> by_scalar(F f, const std::vector<T>& x) {
  std::vector<T> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = f(x[i]);
  return y;
}

// |found - exact| in units of the last place of T at exact; infinite where only one of them is NaN
// or infinite.
template <class T>
double error(T found, long double exact) {
  if (std::isnan(exact) && std::isnan(found)) return 0;
  const T rounded = static_cast<T>(exact);
  if (std::isinf(rounded) && found == rounded) return 0;
  if (!std::isfinite(rounded) || !std::isfinite(found))
    return std::numeric_limits<double>::infinity();
  int exponent = std::numeric_limits<T>::min_exponent;
  if (exact != 0) exponent = std::max(exponent, std::ilogb(exact) + 1);
  const long double unit = std::ldexp(1.0L, exponent - std::numeric_limits<T>::digits);
  return static_cast<double>(std::abs(static_cast<long double>(found) - exact) / unit);
}

struct worst {
  double ulp = 0;
  double x = 0;
};

template <class T, class Exact>
worst largest(const std::vector<T>& x, const std::vector<T>& found, Exact exact) {
  worst w;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double e = error(found[i], exact(static_cast<long double>(x[i])));
    if (!(e <= w.ulp)) w = {e, static_cast<double>(x[i])};
  }
  return w;
}

}  // namespace ulp
