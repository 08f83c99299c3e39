// with(slot) replaces one slot, found by what it can do, in any order.
#include <gtest/gtest.h>

#include <type_traits>

#include "skipmax/attention.hpp"

namespace {

using namespace skipmax;

template <class A, class B>
constexpr bool same = std::is_same_v<std::remove_const_t<A>, std::remove_const_t<B>>;

TEST(with, each_slot_goes_where_it_belongs) {
  const auto a = softmax_attention{}.with(gelu{});
  static_assert(same<decltype(a), attention<gelu, softmax, no_mask, no_cap>>);
  const auto b = a.with(by_length{0.5, fixed_number{7}});
  static_assert(same<decltype(b), attention<gelu, by_length<fixed_number>, no_mask, no_cap>>);
  EXPECT_EQ(b.normalizer.alpha, 0.5);
  EXPECT_EQ(b.normalizer.divisor.number, 7);
  const auto c = b.with(causal{});
  static_assert(same<decltype(c), attention<gelu, by_length<fixed_number>, causal, no_cap>>);
  EXPECT_EQ(c.normalizer.alpha, 0.5);
  const auto d = c.with(softcap{30});
  static_assert(same<decltype(d), attention<gelu, by_length<fixed_number>, causal, softcap>>);
  EXPECT_EQ(d.cap.limit, 30);
  const auto e = d.with(scale{0.25});
  static_assert(same<decltype(e), decltype(d)>);
  EXPECT_EQ(e.scale.value, 0.25);
  EXPECT_EQ(e.cap.limit, 30);
  EXPECT_TRUE(d.scale.is_default);
}

TEST(with, the_order_does_not_matter) {
  const auto a = relu_attention{}.with(causal{}).with(sigmoid{-2}).with(scale{2});
  const auto b = relu_attention{}.with(scale{2}).with(sigmoid{-2}).with(causal{});
  static_assert(same<decltype(a), decltype(b)>);
  EXPECT_EQ(a.score.bias, b.score.bias);
  EXPECT_EQ(a.scale.value, b.scale.value);
}

TEST(with, the_last_one_counts) {
  EXPECT_EQ(softmax_attention{}.with(softcap{3}).with(softcap{5}).cap.limit, 5);
  static_assert(same<decltype(relu_attention{}.with(causal{}).with(no_mask{})), relu_attention>);
}

TEST(with, aliases) {
  static_assert(same<softmax_attention, attention<>>);
  static_assert(same<relu_attention, attention<relu, by_length<>>>);
  static_assert(same<squared_relu_attention, attention<squared_relu, by_length<>>>);
  static_assert(same<sigmoid_attention, attention<sigmoid, minus_log_length<>>>);
  EXPECT_EQ(relu_attention{}.normalizer.alpha, 1);
  EXPECT_TRUE(relu_attention{}.scale.is_default);
}

}  // namespace
