#include "skipmax/row/in_turn.hpp"

#include "skipmax/row/rms_norm.hpp"
#include "skipmax/row/rotary.hpp"
#include "support/rows.hpp"

namespace {

using skipmax::in_turn;
using skipmax::index;
using skipmax::rms_norm;
using skipmax::rotary;

// Adds 0 to each element if the row's whole registers are finite, also beyond dim, else NaN.
struct add_all {
  template <class Isa, class T>
  SKIPMAX_INLINE void forward(skipmax::row_place, skipmax::row_matrix<const T> from,
                              skipmax::row_matrix<T> to, index rows, index dim) const {
    constexpr index W = skipmax::lanes<T, Isa>;
    for (index r = 0; r < rows; ++r) {
      T zero = 0;
      for (index x = 0; x < (dim + W - 1) / W * W; ++x) zero += from.data[r * from.stride + x] * 0;
      for (index x = 0; x < dim; ++x)
        to.data[r * to.stride + x] = from.data[r * from.stride + x] + zero;
    }
  }
};
// Leaves infinity beyond dim, as a transform may.
struct leave_infinity {
  template <class Isa, class T>
  SKIPMAX_INLINE void forward(skipmax::row_place, skipmax::row_matrix<const T> from,
                              skipmax::row_matrix<T> to, index rows, index dim) const {
    for (index r = 0; r < rows; ++r) {
      for (index x = 0; x < dim; ++x) to.data[r * to.stride + x] = from.data[r * from.stride + x];
      for (index x = dim; x % skipmax::lanes<T, Isa> != 0; ++x)
        to.data[r * to.stride + x] = static_cast<T>(INFINITY);
    }
  }
};

double element(index r, index x) {
  return support::uniform(3, static_cast<std::uint64_t>(1000 * r + x), -2, 2);
}

template <class T>
void check_order() {
  const auto close = [](const std::vector<double>& row) {
    const double n = std::sqrt(static_cast<double>(row.size()));
    return std::vector<double>(row.size(), 4 * (1 + n) * (16 + n) * support::unit_roundoff<T>);
  };
  for (const index dim : support::dims<T>) {
    if (dim > 128) continue;
    std::vector<T> turns(static_cast<std::size_t>(20 * dim));
    skipmax::rotary_turns(100, 20, dim / 2 * 2, turns.data());
    const support::learned<T> weight(3, dim, 5, support::fence::after);
    const rms_norm<T> norm{weight.vector()};
    const rotary<T> turn{turns.data(), 20, dim / 2 * 2};
    support::check_rows<T>(in_turn{norm, turn}, {1, 2, 4, 3}, 9, dim, element, close);
    support::check_rows<T>(in_turn{turn, norm}, {1, 2, 4, 3}, 9, dim, element, close);
    support::check_rows<T>(in_turn{leave_infinity{}, add_all{}}, {}, 9, dim, element, close);
  }
}

TEST(in_turn, the_first_then_the_second) {
  check_order<float>();
  check_order<double>();
}

TEST(in_turn, no_transform_hands_rows_on) {
  const skipmax::no_transform none;
  const auto exact = [](const std::vector<double>& row) {
    return std::vector<double>(row.size(), 0);
  };
  support::check_rows<float>(in_turn{none, none}, {}, 9, 20, element, exact);
  support::check_rows<float>(in_turn{none, add_all{}}, {}, 9, 20, element, exact);
}

TEST(in_turn, asks_both_for_mistakes) {
  const float turns[4] = {}, weight[4] = {};
  const auto complaint = [](const auto& rows) {
    skipmax::error_message error{};
    rows.check({}, {1, 1, 1, 1, 1, 4, 4}, 1, 4, error);
    return std::string(error.text);
  };
  const rms_norm<float> good{{weight, 4}}, wrong{{weight, 3}};
  const rotary<float> turn{turns, 1, 4}, wrong_turn{turns, 1, 5};
  EXPECT_EQ(complaint(in_turn{good, turn}), "");
  EXPECT_EQ(complaint(in_turn{wrong, wrong_turn}).rfind("row rms_norm: weight: found ", 0), 0u);
  EXPECT_EQ(complaint(in_turn{good, wrong_turn}).rfind("row rotary: dim: found 5", 0), 0u);
  EXPECT_EQ(complaint(in_turn{in_turn{good, good}, wrong_turn}).rfind("row rotary: dim", 0), 0u);
}

}  // namespace
