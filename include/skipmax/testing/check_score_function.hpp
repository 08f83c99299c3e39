// check_score_function(f) tells whether f, a score function of your own, is what attention takes it
// for. With any test framework:
//
//   const auto verdict = skipmax::testing::check_score_function(my_score{});
//   EXPECT_TRUE(verdict.ok()) << verdict.text();      // "value(nan) in float: found 0, wanted nan"
//
// At some hundred scores it compares f in registers and scalars of float and double, and the
// derivative with central differences of value in double. NaN must come out if it goes in, and
// never otherwise, not even of infinity. It tests what f claims of itself and calls f.check. It
// finds mistakes but proves nothing: a kink or a pole between the scores it tries goes unseen.
#pragma once

#include "skipmax/error.hpp"
#include "skipmax/problem.hpp"
#include "skipmax/score/score_function.hpp"
#include "skipmax/simd/isa.hpp"
#include "skipmax/simd/math.hpp"

namespace skipmax {
inline namespace v0 {
namespace testing {

// ok, or the first mistake found as a line of text.
struct verdict {
  error_message message{};

  SKIPMAX_INLINE bool ok() const { return message.empty(); }
  SKIPMAX_INLINE const char* text() const { return message.empty() ? "ok" : message.text; }
};

namespace detail {

// What is compared: its name, how it is computed, and the scalar in double that it must equal.
struct value {
  static constexpr const char* name = "value";
  static constexpr bool is_slope = false;
  template <class F, class V>
  SKIPMAX_INLINE static V of(const F& f, V s) {
    return f.value(s);
  }
  template <class F>
  SKIPMAX_INLINE static double wanted(const F& f, double s) {
    return f.value(s);
  }
};
struct derivative {
  static constexpr const char* name = "derivative";
  static constexpr bool is_slope = true;
  template <class F, class V>
  SKIPMAX_INLINE static V of(const F& f, V s) {
    return f.derivative(s);
  }
  template <class F>
  SKIPMAX_INLINE static double wanted(const F& f, double s) {
    return f.derivative(s);
  }
};
struct value_of_both : value {
  static constexpr const char* name = "value_and_derivative.value";
  template <class F, class V>
  SKIPMAX_INLINE static V of(const F& f, V s) {
    return f.value_and_derivative(s).value;
  }
};
struct derivative_of_both : derivative {
  static constexpr const char* name = "value_and_derivative.derivative";
  template <class F, class V>
  SKIPMAX_INLINE static V of(const F& f, V s) {
    return f.value_and_derivative(s).derivative;
  }
};

// The scores that are tried: a grid that avoids round numbers, where kinks are; then zeros, large
// numbers, the infinities and NaN.
inline constexpr int grid_points = 300, scores = grid_points + 21;
inline constexpr double grid_end = 20;
template <class T>
SKIPMAX_INLINE T nth_score(int n) {
  if (n < grid_points) return static_cast<T>(grid_end * (2 * (n + 0.513579) / grid_points - 1));
  const double largest = compat::format<T>::largest;
  const double special[] = {0, 1e-30, 1e-3, 60, 100, 1000, 1e10, 1e30, largest, __builtin_inf()};
  const int k = n - grid_points;
  if (k == 20) return static_cast<T>(__builtin_nan(""));
  return static_cast<T>(k % 2 ? -special[k / 2] : special[k / 2]);
}

SKIPMAX_INLINE void say(error_message& error, const char* what, double s, const char* where,
                        double found, double wanted, const char* why) {
  error << what << "(" << s << ")" << where << ": found " << found << ", wanted " << wanted << why;
}

// Compares `found`, at s in the format T, with the scalar in double.
template <class T, class What>
SKIPMAX_INLINE void compare(double s, double found, double wanted, const char* where,
                            error_message& error) {
  if (!error.empty()) return;
  const bool s_is_nan = s != s, at_infinity = math::abs(s) == __builtin_inf();
  if (What::is_slope && (s_is_nan || at_infinity)) return;  // has no meaning, is not used
  if (s_is_nan) {
    if (found == found) say(error, What::name, s, where, found, s, "");
    return;
  }
  if (found != found) {
    error << What::name << "(" << s << ")" << where << ": found nan, wanted a number";
    if (at_infinity) error << " or infinity, its limit there";
    return;
  }
  // A value too large for T may be infinite. Beyond the grid, only infinity is wrong: there the
  // last bit of s may change f(s) by any amount.
  if (!(math::abs(wanted) < (sizeof(T) == 4 ? 1e37 : 1e307))) return;
  const double epsilon = sizeof(T) == 4 ? 0x1p-23 : 0x1p-52;
  const bool wrong = math::abs(s) > grid_end
                         ? math::abs(found) == __builtin_inf()
                         : math::abs(found - wanted) > 256 * epsilon * (1 + math::abs(wanted));
  if (wrong) say(error, What::name, s, where, found, wanted, ", its value in double");
}

// Compares f in registers and in scalars of T with the scalar in double.
template <class Isa, class T, class What, class F>
void check_format(const F& f, error_message& error) {
  constexpr int width = lanes<T, Isa>;
  constexpr bool is_float = sizeof(T) == 4;
  for (int first = 0; first < scores; first += width) {
    alignas(simd<T, Isa>) T s[width], y[width];
    for (int i = 0; i < width; ++i) s[i] = nth_score<T>((first + i) % scores);
    What::of(f, simd<T, Isa>::load_aligned(s)).store_aligned(y);
    for (int i = 0; i < width; ++i) {
      const double wanted = What::wanted(f, static_cast<double>(s[i]));
      const double scalar = What::of(f, s[i]);
      compare<T, What>(s[i], scalar, wanted, is_float ? " in float" : " in double", error);
      compare<T, What>(s[i], y[i], wanted,
                       is_float ? " in a register of float" : " in a register of double", error);
    }
  }
}
template <class Isa, class What, class F>
void check_formats(const F& f, error_message& error) {
  if (error.empty()) check_format<Isa, double, What>(f, error);
  if (error.empty()) check_format<Isa, float, What>(f, error);
}

// Compares the derivative with central differences, to within what two step sizes differ by.
template <class Isa, class F>
void check_differences(const F& f, error_message& error) {
  const auto difference = [&f](double s, double h) SKIPMAX_LAMBDA {
    return (f.value(s + h) - f.value(s - h)) / (2 * h);
  };
  for (int n = 0; n < grid_points && error.empty(); ++n) {
    const double s = nth_score<double>(n), found = f.derivative(s);
    const double wanted = difference(s, 1e-4), doubt = math::abs(wanted - difference(s, 2e-4));
    const double scale = 1 + math::abs(wanted) + math::abs(f.value(s));
    if (!(math::abs(found - wanted) <= 1e-7 * scale + 4 * doubt))
      say(error, "derivative", s, "", found, wanted, ", the central difference of value");
  }
}

// Tests exact_zeros, zero_at_zero and a degree, if f claims them.
template <class Isa, class F>
void check_claims(const F& f, error_message& error) {
  constexpr double zeros[] = {0.0, -0.0}, factors[] = {0x1p-20, 1.0 / 3, 3.0, 0x1p20},
                   signs[] = {1.37, -1.37};
  if (maps_zero_to_zero<F>)
    for (const double zero : zeros)
      if (error.empty() && f.value(zero) != 0)
        say(error, "value", zero, "", f.value(zero), 0, ": zero_at_zero is claimed");
  if (has_exact_zeros<F> && error.empty()) {
    bool found = false, before = false;
    for (int n = 0; n < 2000; ++n) {
      const bool zero = f.value(0.1 * n - 100) == 0;
      found = found || (zero && before);
      before = zero;
    }
    if (!found)
      error << "exact_zeros is claimed, but no interval of scores in [-100, 100] was found where "
               "value is 0";
  }
  if (degree_of<F> != 0)
    for (int e = -20; e <= 20; ++e)
      for (const double c : factors)
        for (const double sign : signs) {
          const double s = __builtin_ldexp(sign, e), found = f.value(c * s);
          const double wanted = __builtin_pow(c, degree_of<F>) * f.value(s);
          if (error.empty() && !(math::abs(found - wanted) <= 1e-12 * math::abs(wanted)))
            say(error, "value", c * s, "", found, wanted, ": a degree is claimed");
        }
}

}  // namespace detail

template <class Isa = native_isa, score_function F>
verdict check_score_function(const F& f) {
  static_assert(
      requires(float s) {
        { f.value(s) } -> std::same_as<float>;
      },
      "score function: value(float) must give float: write value as a template");
  verdict v{};
  check_part(f, v.message, problem{});
  detail::check_formats<Isa, detail::value>(f, v.message);
  detail::check_claims<Isa>(f, v.message);
  if constexpr (differentiable<F>) {
    if (v.ok()) detail::check_differences<Isa>(f, v.message);
    detail::check_formats<Isa, detail::derivative>(f, v.message);
  }
  if constexpr (requires(double s) { f.value_and_derivative(s); }) {
    detail::check_formats<Isa, detail::value_of_both>(f, v.message);
    detail::check_formats<Isa, detail::derivative_of_both>(f, v.message);
  }
  return v;
}

}  // namespace testing
}  // namespace v0
}  // namespace skipmax
