#include "skipmax/slice.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "support/message_of.hpp"

namespace {

using namespace skipmax;
using skipmax::index;
using support::message_of;

TEST(slice, parts_lie_where_the_whole_does) {
  std::vector<float> memory(1000);
  for (const tensor_view<float> x :
       {blhd(memory.data(), 3, 7, 2, 5), bhld(memory.data(), 3, 2, 7, 5),
        blhd(memory.data(), 3, 7, 2, 5, {200, 20, 7})}) {
    const tensor_view<float> some = positions(x, 2, 6), one = sequence(x, 2);
    EXPECT_EQ(some.batch, 3);
    EXPECT_EQ(some.length, 4);
    EXPECT_EQ(one.batch, 1);
    EXPECT_EQ(one.length, 7);
    EXPECT_EQ(some.row(1, 3, 1), x.row(1, 5, 1));
    EXPECT_EQ(one.row(0, 6, 1), x.row(2, 6, 1));
    const tensor_view<float> both = positions(sequence(x, 1), 6, 7);
    EXPECT_EQ(both.row(0, 0, 1), x.row(1, 6, 1));
    EXPECT_EQ(both.heads, 2);
    EXPECT_EQ(both.dim, 5);
  }
}

TEST(slice, of_nothing) {
  float number = 0;
  const auto x = blhd(&number, 1, 1, 1, 1);
  EXPECT_EQ(positions(x, 0, 0).length, 0);
  EXPECT_EQ(positions(x, 1, 1).length, 0);
  const auto none = blhd<const float>(nullptr, 2, 8, 1, 4);
  EXPECT_EQ(positions(none, 3, 5).data, nullptr);
  EXPECT_EQ(sequence(none, 1).data, nullptr);
}

TEST(slice, refuses) {
  const auto x = blhd<const float>(nullptr, 2, 8, 1, 4);
  const std::string end = ", wanted a range within 0 to 8, the length";
  EXPECT_EQ(message_of([&] { (void)positions(x, -1, 2); }),
            "skipmax: positions: found -1 to 2" + end);
  EXPECT_EQ(message_of([&] { (void)positions(x, 3, 2); }),
            "skipmax: positions: found 3 to 2" + end);
  EXPECT_EQ(message_of([&] { (void)positions(x, 3, 9); }),
            "skipmax: positions: found 3 to 9" + end);
  EXPECT_EQ(message_of([&] { (void)sequence(x, 2); }),
            "skipmax: sequence: found 2, wanted 0 or more and less than 2, the batch");
  EXPECT_NE(message_of([&] { (void)sequence(x, -1); }), "no error");
  EXPECT_EQ(message_of([] { (void)sequence(blhd<const float>(nullptr, 0, 8, 1, 4), 0); }),
            "skipmax: sequence: found 0, wanted 0 or more and less than 0, the batch");
}

}  // namespace
