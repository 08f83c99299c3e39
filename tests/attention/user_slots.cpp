// Slots that a user writes, outside of the library and its namespace: each works like a shipped
// one, in the reference too.
#include "skipmax/attention.hpp"
#include "support/check.hpp"
#include "support/every_slot.hpp"
#include "support/shapes.hpp"

namespace mine {

// s |s|, and with a parameter.
struct signed_square {
  double factor = 1;

  template <class V>
  V value(V s) const {
    namespace math = skipmax::math;
    return math::constant<V>(factor) * s * math::abs(s);
  }
};

// The `width` keys up to the diagonal.
struct window {
  skipmax::index width;

  skipmax::key_range visible(skipmax::row_position at) const {
    const skipmax::index last = at.key_length - at.query_length + at.query + 1;
    return {last - width, last};
  }
};

// Each head sees keys of its own; ranges may reach out of the keys there are.
struct per_head {
  skipmax::key_range visible(skipmax::row_position at) const {
    return {at.head * 5 - 3, at.head * 5 + 20};
  }
};

struct odd_rows {  // every other row sees nothing, the others all
  skipmax::key_range visible(skipmax::row_position at) const {
    return {0, at.query % 2 ? at.key_length : 0};
  }
  void check(const skipmax::problem& p, skipmax::error_message& error) const {
    if (p.query_length == 13) error << "mask odd_rows: found 13 queries, wanted luck";
  }
};

struct asked {  // hides nothing and notes whether it is asked for keys beyond the last; float only
  static constexpr bool hides_keys = true;
  bool* beyond;

  skipmax::key_range visible(skipmax::row_position at) const { return {0, at.key_length}; }
  template <class V>
  V bias(skipmax::row_position at, skipmax::index key) const {
    constexpr skipmax::index keys = std::is_floating_point_v<V> ? 1 : sizeof(V) / sizeof(float);
    if (key + keys > at.key_length) *beyond = true;
    return V(0);
  }
};

struct hard_cap {
  double limit;

  template <class V>
  V cap(V s) const {
    namespace math = skipmax::math;
    return math::max(math::min(s, math::constant<V>(limit)), math::constant<V>(-limit));
  }
};

// The position of the query, as a divisor.
struct position {
  double length(skipmax::row_position at, skipmax::index, skipmax::index) const {
    return static_cast<double>(at.query + 1);
  }
};

}  // namespace mine

namespace {

using namespace skipmax;

template <class T, class Attention>
void check_shapes(const Attention& a) {
  for (std::uint64_t n = 0; n < 40; ++n)
    if (const problem p = support::nth_shape(n); p.query_length != 13)
      support::check_against_reference<T>(a, p, n);
}

template <class Slot>
void check_slot(const Slot& slot) {
  check_shapes<float>(relu_attention{}.with(slot));
  check_shapes<double>(softmax_attention{}.with(slot));
}

TEST(user_slots, score_function) {
  check_slot(mine::signed_square{0.5});
}
TEST(user_slots, mask_window) {
  check_slot(mine::window{9});
}
TEST(user_slots, mask_wide_window) {
  check_slot(mine::window{200});
}
TEST(user_slots, mask_of_each_head) {
  check_slot(mine::per_head{});
}
TEST(user_slots, mask_of_odd_rows) {
  check_slot(mine::odd_rows{});
}
TEST(user_slots, cap) {
  check_slot(mine::hard_cap{0.75});
}

TEST(user_slots, divisor) {
  check_shapes<float>(relu_attention{}.with(by_length{1, mine::position{}}));
  check_shapes<double>(sigmoid_attention{}.with(minus_log_length{mine::position{}}));
}

TEST(user_slots, all_at_once) {
  const auto a = attention{}
                     .with(mine::signed_square{2})
                     .with(mine::hard_cap{1.5})
                     .with(both{mine::window{30}, mine::odd_rows{}})
                     .with(by_length{0.5, mine::position{}})
                     .with(scale{0.25});
  check_shapes<float>(a);
  check_shapes<double>(a);
}

TEST(user_slots, composed_with_a_shipped_one) {
  check_shapes<float>(relu_attention{}.with(compose{mine::signed_square{}, relu{}}));
  check_shapes<float>(relu_attention{}.with(compose{gelu{}, mine::signed_square{}}));
}

TEST(user_slots, a_mask_is_asked_for_keys_that_exist) {
  const skipmax::index lengths[] = {10, 33};
  bool beyond = false;
  const auto a = relu_attention{}.with(both{key_lengths{lengths, 2}, mine::asked{&beyond}});
  support::check_against_reference<float>(a, {2, 9, 40, 2, 1, 8, 8});
  EXPECT_FALSE(beyond);
}

TEST(user_slots, a_mask_may_complain) {
  support::operands<float> x({1, 13, 3, 1, 1, 2, 2});
  try {
    support::run(relu_attention{}.with(mine::odd_rows{}), x);
    FAIL() << "no error";
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "skipmax: mask odd_rows: found 13 queries, wanted luck");
  }
}

}  // namespace
