#include "skipmax/error.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>
#include <string>

namespace {

using namespace skipmax;
using skipmax::index;

std::string text(index number) {
  error_message message{};
  message << number;
  return message.text;
}

TEST(error, numbers) {
  EXPECT_EQ(text(0), "0");
  EXPECT_EQ(text(7), "7");
  EXPECT_EQ(text(-1), "-1");
  EXPECT_EQ(text(1234567890123), "1234567890123");
  EXPECT_EQ(text(std::numeric_limits<index>::max()), "9223372036854775807");
  EXPECT_EQ(text(std::numeric_limits<index>::min()), "-9223372036854775808");
}

TEST(error, a_size_that_one_may_stand_for) {
  error_message message{};
  message << one_or{8} << ", " << one_or{1} << ", " << one_or{0};
  EXPECT_STREQ(message.text, "1 or 8, 1, 1 or 0");
}

TEST(error, four_sizes) {
  error_message message{};
  message << tensor_shape{{2, -49, 6, 1234567890123}} << "!";
  EXPECT_STREQ(message.text, "[2, -49, 6, 1234567890123]!");
}

struct refuses {
  void check(int number, error_message& error) const { error << "found " << number; }
};

TEST(error, a_part_is_asked_while_nothing_is_wrong) {
  error_message message{};
  check_part(3, message, 1);
  check_part(refuses{}, message);  // has no such check
  EXPECT_TRUE(message.empty());
  check_part(refuses{}, message, 1);
  check_part(refuses{}, message, 2);
  EXPECT_STREQ(message.text, "found 1");
}

TEST(error, a_line_of_words_and_numbers) {
  error_message message{};
  EXPECT_TRUE(message.empty());
  message << "alpha: found " << -0.5 << ", wanted " << 3 << " of [" << index{12} << "]";
  EXPECT_FALSE(message.empty());
  EXPECT_STREQ(message.text, "alpha: found -0.5, wanted 3 of [12]");
}

TEST(error, numbers_that_are_none) {
  error_message message{};
  message << std::numeric_limits<double>::infinity() << " "
          << -std::numeric_limits<double>::infinity();
  EXPECT_STREQ(message.text, "inf -inf");
}

TEST(error, what_does_not_fit_is_cut) {
  error_message message{};
  for (int n = 0; n < 1000; ++n) message << "0123456789";
  const std::string all = message.text;
  EXPECT_EQ(all.size() + 1, sizeof message.text);
  EXPECT_EQ(all.substr(0, 12), "012345678901");
}

TEST(error, only_a_message_is_thrown) {
  error_message message{};
  EXPECT_NO_THROW(throw_if(message));
  message << "skipmax: wrong";
  try {
    throw_if(message);
    FAIL() << "nothing thrown";
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "skipmax: wrong");
  }
}

}  // namespace
