#include "skipmax/score/softcap.hpp"

#include "score/formula.hpp"

namespace {

using skipmax::no_cap;
using skipmax::softcap;

// A cap as a score function, for the helpers.
template <class Cap>
struct as_score {
  Cap cap;
  template <class V>
  V value(V s) const {
    return cap.cap(s);
  }
  template <class V>
  V derivative(V s) const {
    return cap.derivative(s);
  }
};

as_score<softcap> capped(double limit) {
  return {softcap{limit}};
}

TEST(softcap, formula) {
  for (double limit : {0.5, 5.0, 50.0}) {
    const auto value = [limit](long double s) { return limit * std::tanh(s / limit); };
    const auto slope = [limit](long double s) {
      return 1 / (std::cosh(s / limit) * std::cosh(s / limit));
    };
    formula::check(capped(limit), value, slope, 4);
  }
}

TEST(softcap, ends_at_the_limit) {
  for (double s : {1e4, 1e30, formula::inf}) {
    formula::value(capped(30), s, 30);
    formula::value(capped(30), -s, -30);
    formula::slope(capped(30), s, 0);
    formula::slope(capped(30), -s, 0);
  }
}

TEST(softcap, zero_and_nan) {
  formula::value(capped(30), 0, 0);
  formula::slope(capped(30), 0, 1);
  formula::value(capped(30), formula::nan, formula::nan);
  formula::slope(capped(30), formula::nan, formula::nan);
}

// Limits that float cannot hold mean what they mean in double.
TEST(softcap, limits_beyond_the_format) {
  for (double limit : {1e300, 1e39}) {
    for (double s : {0.0, 1.0, -3.0, 1e10}) formula::value(capped(limit), s, s);
    formula::slope(capped(limit), 1, 1);
  }
  for (double limit : {1e-300, 1e-46}) {
    EXPECT_NEAR(softcap{limit}.cap(2.0f), 0, 1e-29);
    EXPECT_EQ(softcap{limit}.cap(0.0f), 0);
  }
}

TEST(softcap, the_limit_is_checked) {
  const auto complaint = [](double limit) {
    skipmax::error_message error;
    softcap{limit}.check(skipmax::problem{}, error);
    return std::string(error.text);
  };
  const std::string wanted = ", wanted a finite number greater than 0";
  EXPECT_EQ(complaint(50), "");
  EXPECT_EQ(complaint(0), "cap softcap: limit: found 0" + wanted);
  EXPECT_EQ(complaint(-1), "cap softcap: limit: found -1" + wanted);
  EXPECT_EQ(complaint(formula::inf), "cap softcap: limit: found inf" + wanted);
  EXPECT_EQ(complaint(formula::nan), "cap softcap: limit: found nan" + wanted);
}

TEST(softcap, no_cap_changes_nothing) {
  for (double s : {0.0, -2.0, 1e30, formula::inf, formula::nan})
    formula::value(as_score<no_cap>{}, s, s);
  formula::slope(as_score<no_cap>{}, 3, 1);
}

TEST(softcap, the_concept) {
  static_assert(skipmax::score_cap<softcap> && skipmax::score_cap<no_cap>);
  static_assert(!skipmax::score_cap<int>);
  EXPECT_EQ(sizeof(softcap), sizeof(double));
}

}  // namespace
