#include "skipmax/row/rotary.hpp"

#include "support/message_of.hpp"
#include "support/rows.hpp"

namespace {

using skipmax::index;
using skipmax::rotary;
using skipmax::rotary_layout;
using skipmax::rotary_turns;
using support::message_of;

static_assert(skipmax::row_transform<rotary<float>>);
static_assert(
    std::is_same_v<decltype(rotary{static_cast<const double*>(nullptr), 3, 4}), rotary<double>>);

template <class T>
std::vector<T> turns_of(index positions, index dim) {
  std::vector<T> turns(static_cast<std::size_t>(positions * dim));
  rotary_turns(100, positions, dim, turns.data());
  return turns;
}

// Two products and a sum, of elements up to 2 in size.
template <class T>
std::vector<double> close(const std::vector<double>& row) {
  return std::vector<double>(row.size(), 8 * support::unit_roundoff<T>);
}

template <class T>
void check_definition() {
  const auto fill = [](index r, index x) {
    return support::uniform(3, static_cast<std::uint64_t>(1000 * r + x), -2, 2);
  };
  for (const index width : support::dims<T>)
    for (const index dim : {width / 2 * 2, width / 4 * 2}) {
      if (width > 128) continue;
      const auto turns = turns_of<T>(40, dim);
      for (const rotary_layout layout : {rotary_layout::halves, rotary_layout::pairs})
        for (const index own_key : {0, 7, -3})
          support::check_rows<T>(rotary<T>{turns.data(), 40, dim, layout}, {1, 2, 31, own_key}, 9,
                                 width, fill, close<T>);
    }
}

TEST(rotary, definition) {
  check_definition<float>();
  check_definition<double>();
}

// A quarter of a turn takes (a, b) to (-b, a).
TEST(rotary, a_quarter_of_a_turn) {
  const double quarter[] = {1, 1, 0, 0, 0, 0, 1, 1};  // no turn at position 0
  const auto turned = [&](rotary_layout layout) {
    std::vector<double> row{1, 2, 3, 4, 5, 6, 7, 8};
    rotary<double>{quarter, 2, 4, layout}.forward<skipmax::native_isa, double>(
        {0, 0, 9, 1}, {row.data(), 8}, {row.data(), 8}, 1, 5);
    row.resize(5);
    return row;
  };
  EXPECT_EQ(turned(rotary_layout::halves), (std::vector<double>{-3, -4, 1, 2, 5}));
  EXPECT_EQ(turned(rotary_layout::pairs), (std::vector<double>{-2, 1, -4, 3, 5}));
}

// A row before all keys turns the other way: (a, b) to (b, -a).
TEST(rotary, positions_below_zero) {
  const double quarter[] = {1, 0, 0, 1};
  for (const rotary_layout layout : {rotary_layout::halves, rotary_layout::pairs}) {
    std::vector<double> row{3, 4, 0, 0, 0, 0, 0, 0};
    rotary<double>{quarter, 2, 2, layout}.forward<skipmax::native_isa, double>(
        {0, 0, 0, -1}, {row.data(), 8}, {row.data(), 8}, 1, 2);
    EXPECT_EQ(row[0], 4);
    EXPECT_EQ(row[1], -3);
  }
}

TEST(rotary, turns_of_a_base) {
  const auto turns = turns_of<double>(30, 6);
  for (int p = 0; p < 30; ++p)
    for (int x = 0; x < 3; ++x) {
      const double angle = p / std::pow(100, x / 3.0);
      EXPECT_NEAR(turns[static_cast<std::size_t>(6 * p + x)], std::cos(angle), 1e-14);
      EXPECT_NEAR(turns[static_cast<std::size_t>(6 * p + 3 + x)], std::sin(angle), 1e-14);
    }
}

TEST(rotary, mistakes_of_turns) {
  float turns[8];
  const auto message = [&](double base, index positions, index dim, float* to) {
    return message_of([&] { rotary_turns(base, positions, dim, to); });
  };
  EXPECT_EQ(message(100, 2, 4, turns), "no error");
  EXPECT_EQ(message(100, 0, 4, nullptr), "no error");
  EXPECT_EQ(message(1e-320, 2, 4, turns),
            "skipmax: rotary_turns: base: found 9.99989e-321, wanted a finite number above 0");
  EXPECT_EQ(message(0, 2, 4, turns),
            "skipmax: rotary_turns: base: found 0, wanted a finite number above 0");
  EXPECT_EQ(message(100, 2, 3, turns),
            "skipmax: rotary_turns: found 2 positions of dim 3, wanted no negative number, and an "
            "even dim");
  EXPECT_EQ(message(100, 2, 4, nullptr),
            "skipmax: rotary_turns: turns: found a null pointer, wanted [2, 4]");
}

TEST(rotary, mistakes) {
  const float turns[8] = {};
  const auto complaint = [](const rotary<float>& r, index queries, index keys) {
    skipmax::error_message error{};
    r.check({}, {1, queries, keys, 1, 1, 4, 4}, 1, 4, error);
    return std::string(error.text);
  };
  EXPECT_EQ(complaint({turns, 2, 4}, 2, 2), "");
  EXPECT_EQ(complaint({turns, 2, 4}, 0, 0), "");
  EXPECT_EQ(complaint({turns, 2, 4}, 2, 0), "");
  EXPECT_EQ(complaint({nullptr, 0, 4}, 0, 0), "");
  EXPECT_EQ(complaint({turns, 2, 6}, 2, 2),
            "row rotary: dim: found 6, wanted an even number, at most 4, the dim of a row");
  EXPECT_EQ(complaint({turns, 2, 3}, 2, 2),
            "row rotary: dim: found 3, wanted an even number, at most 4, the dim of a row");
  EXPECT_EQ(complaint({turns, 2, 4}, 2, 3),
            "row rotary: positions: found 2, wanted at least 3, the positions that rows may have");
  EXPECT_EQ(complaint({turns, 2, 4}, 3, 1),
            "row rotary: positions: found 2, wanted at least 3, the positions that rows may have");
  EXPECT_EQ(complaint({nullptr, 2, 4}, 2, 2),
            "row rotary: turns: found a null pointer, wanted [2, 4]");
}

}  // namespace
