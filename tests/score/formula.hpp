// A score function held to its formula in long double, in registers and scalars of both formats.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "simd/ulp.hpp"
#include "skipmax/score/score_function.hpp"

namespace formula {

using ulp::by_register;
using ulp::by_scalar;

inline constexpr double inf = std::numeric_limits<double>::infinity();
inline constexpr double nan = std::numeric_limits<double>::quiet_NaN();

template <class T, class F, class Exact>
void check_one(const char* what, F f, Exact exact, double units) {
  const auto x = ulp::grid<T>(-40, 40, 20000);
  for (const auto& y : {by_register(f, x), by_scalar(f, x)})
    for (std::size_t i = 0; i < x.size(); ++i) {
      const auto wanted = static_cast<double>(exact(static_cast<long double>(x[i])));
      const double tolerance = units * std::numeric_limits<T>::epsilon() * (1 + std::abs(wanted));
      // NaN must not pass, and the first failure tells enough.
      if (!(std::abs(y[i] - wanted) <= tolerance)) {
        ADD_FAILURE() << what << "(" << x[i] << "): found " << y[i] << ", wanted " << wanted
                      << " +- " << tolerance;
        return;
      }
    }
}

// |found - exact| <= units * epsilon * (1 + |exact|) on [-40, 40].
template <class F, class Value, class Slope>
void check(F f, Value value, Slope slope, double units) {
  const auto h = [f](auto s) { return f.value(s); };
  const auto dh = [f](auto s) { return f.derivative(s); };
  check_one<float>("value", h, value, units);
  check_one<double>("value", h, value, units);
  check_one<float>("derivative", dh, slope, units);
  check_one<double>("derivative", dh, slope, units);
}

// g(s) is exactly y, in all four forms.
template <class G>
void check_exactly(G g, double s, double y) {
  const auto one = [&](auto zero) {
    using T = decltype(zero);
    const std::vector<T> x(16, static_cast<T>(s));
    const T wanted = static_cast<T>(y);
    for (const auto& all : {by_register(g, x), by_scalar(g, x)})
      for (T found : all)
        EXPECT_TRUE(std::isnan(wanted) ? std::isnan(found) : found == wanted)
            << (sizeof(T) == 4 ? "float" : "double") << ", at " << s << ": found " << found
            << ", wanted " << wanted;
  };
  one(0.0f);
  one(0.0);
}
template <class F>
void value(F f, double s, double y) {
  check_exactly([f](auto x) { return f.value(x); }, s, y);
}
template <class F>
void slope(F f, double s, double y) {
  check_exactly([f](auto x) { return f.derivative(x); }, s, y);
}

}  // namespace formula
