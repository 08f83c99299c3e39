#include "skipmax/testing/check_score_function.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "skipmax/score/compose.hpp"
#include "skipmax/score/gelu.hpp"
#include "skipmax/score/gelu_erf.hpp"
#include "skipmax/score/identity.hpp"
#include "skipmax/score/laplace.hpp"
#include "skipmax/score/relu.hpp"
#include "skipmax/score/relu6.hpp"
#include "skipmax/score/sigmoid.hpp"
#include "skipmax/score/silu.hpp"
#include "skipmax/score/softplus.hpp"
#include "skipmax/score/squared_relu.hpp"

namespace {

using namespace skipmax;

template <class F>
std::string verdict_on(const F& f) {
  const auto verdict = skipmax::testing::check_score_function(f);
  EXPECT_EQ(verdict.ok(), std::string(verdict.text()) == "ok");
  return verdict.text();
}

template <class F>
bool complains(const F& f, const std::string& part) {
  const std::string found = verdict_on(f);
  if (found.find(part) != std::string::npos) return true;
  ADD_FAILURE() << "found \"" << found << "\", wanted \"" << part << "\" in it";
  return false;
}

TEST(check_score_function, every_shipped_function_passes) {
  EXPECT_EQ(verdict_on(identity{}), "ok");
  EXPECT_EQ(verdict_on(relu{}), "ok");
  EXPECT_EQ(verdict_on(squared_relu{}), "ok");
  EXPECT_EQ(verdict_on(relu6{}), "ok");
  EXPECT_EQ(verdict_on(gelu{}), "ok");
  EXPECT_EQ(verdict_on(gelu_erf{}), "ok");
  EXPECT_EQ(verdict_on(softplus{}), "ok");
  EXPECT_EQ(verdict_on(sigmoid{}), "ok");
  EXPECT_EQ(verdict_on(sigmoid{-5.5}), "ok");
  EXPECT_EQ(verdict_on(silu{}), "ok");
  EXPECT_EQ(verdict_on(laplace{}), "ok");
}

TEST(check_score_function, compositions_pass) {
  EXPECT_EQ(verdict_on(compose{silu{}, relu{}}), "ok");
  EXPECT_EQ(verdict_on(compose{relu{}, softplus{}}), "ok");
  EXPECT_EQ(verdict_on(compose{sigmoid{}, squared_relu{}}), "ok");
  EXPECT_EQ(verdict_on(compose{gelu{}, compose{squared_relu{}, identity{}}}), "ok");
}

// A user's own ten lines: s^2 / (1 + |s|) for s > 0.
struct soft_square {
  static constexpr bool exact_zeros = true;

  template <class V>
  V value(V s) const {
    const V r = relu{}.value(s);
    return select(r < V(1e4f), r * r / (V(1) + r), r - V(1));
  }
  template <class V>
  V derivative(V s) const {
    const V r = relu{}.value(s), w = V(1) / (V(1) + r);
    return V(1) - w * w;
  }

 private:
  template <class M, class V>
  static V select(M mask, V a, V b) {
    return math::select(mask, a, b);
  }
};

TEST(check_score_function, a_users_own_passes) {
  EXPECT_EQ(verdict_on(soft_square{}), "ok");
}

struct no_derivative {
  template <class V>
  V value(V s) const {
    return s * V(2);
  }
};

TEST(check_score_function, a_derivative_is_not_asked_for) {
  EXPECT_EQ(verdict_on(no_derivative{}), "ok");
}

// From here on: one mistake each.

struct loses_nan {
  template <class V>
  V value(V s) const {
    return math::max(math::constant<V>(0), s);
  }
};

TEST(check_score_function, nan_must_come_out) {
  EXPECT_EQ(verdict_on(loses_nan{}), "value(nan) in double: found 0, wanted nan");
}

// NaN survives in the scalar and is lost in the register, as with max of some SIMD libraries.
struct loses_nan_in_registers {
  template <class V>
  V value(V s) const {
    return s;
  }
  template <class T, class A>
  xsimd::batch<T, A> value(xsimd::batch<T, A> s) const {
    return math::select(math::isnan(s), math::constant<xsimd::batch<T, A>>(0), s);
  }
};

TEST(check_score_function, nan_must_come_out_of_registers_too) {
  EXPECT_EQ(verdict_on(loses_nan_in_registers{}),
            "value(nan) in a register of double: found 0, wanted nan");
}

struct register_differs {
  double value(double s) const { return s; }
  float value(float s) const { return s; }
  template <class A>
  xsimd::batch<double, A> value(xsimd::batch<double, A> s) const {
    return s;
  }
  template <class A>
  xsimd::batch<float, A> value(xsimd::batch<float, A> s) const {
    return s + s;
  }
};

TEST(check_score_function, registers_must_agree_with_scalars) {
  EXPECT_TRUE(complains(register_differs{}, " in a register of float: found -39."));
  EXPECT_TRUE(complains(register_differs{}, "wanted -19.9315, its value in double"));
}

struct float_differs {
  double value(double s) const { return s; }
  float value(float s) const { return s + 1; }
  template <class T, class A>
  xsimd::batch<T, A> value(xsimd::batch<T, A> s) const {
    return s;
  }
};

TEST(check_score_function, float_must_agree_with_double) {
  EXPECT_TRUE(complains(float_differs{}, " in float: found -18."));
}

// The last lane is forgotten.
struct forgets_a_lane {
  template <class V>
  V value(V s) const {
    return s;
  }
  template <class T, class A>
  xsimd::batch<T, A> value(xsimd::batch<T, A> s) const {
    using V = xsimd::batch<T, A>;
    alignas(64) T lane[V::size];
    s.store_aligned(lane);
    lane[V::size - 1] = 0;
    return V::load_aligned(lane);
  }
};

TEST(check_score_function, every_lane_counts) {
  EXPECT_TRUE(complains(forgets_a_lane{}, " in a register of double: found 0, wanted -"));
}

struct wrong_sign {
  template <class V>
  V value(V s) const {
    return sigmoid{}.value(s);
  }
  template <class V>
  V derivative(V s) const {
    return -sigmoid{}.derivative(s);
  }
};

TEST(check_score_function, the_derivative_is_that_of_the_value) {
  EXPECT_TRUE(complains(wrong_sign{}, "derivative("));
  EXPECT_TRUE(complains(wrong_sign{}, ", the central difference of value"));
}

struct slightly_wrong_slope {
  template <class V>
  V value(V s) const {
    return gelu{}.value(s);
  }
  template <class V>
  V derivative(V s) const {
    return gelu_erf{}.derivative(s);  // the other gelu
  }
};

TEST(check_score_function, the_two_gelu_are_told_apart) {
  EXPECT_TRUE(complains(slightly_wrong_slope{}, ", the central difference of value"));
}

struct wrong_slope_in_registers {
  template <class V>
  V value(V s) const {
    return s;
  }
  template <class V>
  V derivative(V) const {
    return math::constant<V>(math::scalar<V> ? 1 : 2);
  }
};

TEST(check_score_function, the_derivative_agrees_in_registers) {
  EXPECT_TRUE(complains(wrong_slope_in_registers{},
                        "derivative(-19.9315) in a register of double: found 2, wanted 1"));
}

struct overflows_inside {
  template <class V>
  V value(V s) const {
    const V e = math::exp(s);
    return e / (math::constant<V>(1) + e);
  }
};

TEST(check_score_function, no_nan_for_large_scores) {
  EXPECT_EQ(verdict_on(overflows_inside{}), "value(1000) in double: found nan, wanted a number");
}

struct nan_at_minus_infinity {
  template <class V>
  V value(V s) const {
    return s * math::sigmoid(s);
  }
};

TEST(check_score_function, infinity_has_a_limit) {
  EXPECT_EQ(verdict_on(nan_at_minus_infinity{}),
            "value(-inf) in double: found nan, wanted a number or infinity, its limit there");
}

// This is s in double; in float s * s overflows.
struct overflows_in_float {
  template <class V>
  V value(V s) const {
    return math::copysign(math::sqrt(s * s), s);
  }
};

TEST(check_score_function, no_overflow_where_double_has_none) {
  EXPECT_EQ(verdict_on(overflows_in_float{}),
            "value(1e+30) in float: found inf, wanted 1e+30, its value in double");
}

struct false_zeros : silu {
  static constexpr bool exact_zeros = true;
};

struct false_zero_at_zero : sigmoid {
  static constexpr bool zero_at_zero = true;
};

struct false_degree : relu6 {};
struct false_below_a_threshold {
  template <class V>
  V value(V s) const {
    return math::select(s <= math::constant<V>(1e-6), math::constant<V>(0), s);
  }
};
struct derived_from_relu : relu {};

}  // namespace

template <>
inline constexpr int skipmax::degree_of<false_degree> = 1;
template <>
inline constexpr int skipmax::degree_of<false_below_a_threshold> = 1;

namespace {

TEST(check_score_function, claims_must_be_true) {
  EXPECT_TRUE(complains(false_degree{}, "a degree is claimed"));
  EXPECT_TRUE(complains(false_below_a_threshold{}, "a degree is claimed"));
  static_assert(degree_of<relu> == 1 && degree_of<derived_from_relu> == 0);
  EXPECT_EQ(verdict_on(false_zeros{}),
            "exact_zeros is claimed, but no interval of scores in [-100, 100] was found where "
            "value is 0");
  EXPECT_EQ(verdict_on(false_zero_at_zero{}),
            "value(0): found 0.5, wanted 0: zero_at_zero is claimed");
}

struct inconsistent_both : silu {
  template <class V>
  score_and_slope<V> value_and_derivative(V s) const {
    return {value(s), value(s)};
  }
};

TEST(check_score_function, both_at_once_is_the_same) {
  EXPECT_TRUE(complains(inconsistent_both{}, "value_and_derivative.derivative("));
}

TEST(check_score_function, parameters_are_checked_first) {
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(complains(sigmoid{inf}, "score sigmoid: bias: found inf, wanted a finite number"));
}

}  // namespace
