#include "skipmax/bias/t5_buckets.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "skipmax/bias/relative_bias.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

TEST(t5_buckets, the_papers_buckets_for_an_encoder) {
  // The 16 buckets of one direction begin at these distances: 8 exact ones, then 8 * 2^(k / 2).
  const index begin[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91};
  for (index k = 0; k < 16; ++k) {
    const index end = k < 15 ? begin[k + 1] : 1000;
    for (index d = begin[k]; d < end; ++d) {
      EXPECT_EQ(t5_bucket(-d, 32, 128, true), k) << d;
      if (d > 0) {
        EXPECT_EQ(t5_bucket(d, 32, 128, true), 16 + k) << d;
      }
    }
  }
}

TEST(t5_buckets, the_papers_buckets_for_a_decoder) {
  EXPECT_EQ(t5_bucket(5, 32, 128, false), 0);  // keys after the query
  EXPECT_EQ(t5_bucket(1, 32, 128, false), 0);
  EXPECT_EQ(t5_bucket(0, 32, 128, false), 0);
  EXPECT_EQ(t5_bucket(-15, 32, 128, false), 15);
  EXPECT_EQ(t5_bucket(-16, 32, 128, false), 16);
  EXPECT_EQ(t5_bucket(-18, 32, 128, false), 16);  // 16 * 8^(1 / 16) = 18.2
  EXPECT_EQ(t5_bucket(-19, 32, 128, false), 17);
  EXPECT_EQ(t5_bucket(-112, 32, 128, false), 30);  // 16 * 8^(15 / 16) = 112.4
  EXPECT_EQ(t5_bucket(-113, 32, 128, false), 31);
  EXPECT_EQ(t5_bucket(-1000000, 32, 128, false), 31);
}

// The rule turned round: bucket E + k begins at the distance E (max_distance / E)^(k / (B - E)).
index plain_bucket(index difference, index buckets, index max_distance, bool bidirectional) {
  index from = 0, distance = std::max<index>(-difference, 0);
  if (bidirectional) {
    buckets /= 2;
    from = difference > 0 ? buckets : 0;
    distance = std::abs(difference);
  }
  const index exact = buckets / 2;
  if (distance < exact) return from + distance;
  index bucket = exact;
  while (bucket + 1 < buckets) {
    const double share =
        static_cast<double>(bucket + 1 - exact) / static_cast<double>(buckets - exact);
    const double base = static_cast<double>(exact);
    const double begin = base * std::pow(static_cast<double>(max_distance) / base, share);
    if (static_cast<double>(distance) < begin * (1 - 1e-12)) break;
    ++bucket;
  }
  return from + bucket;
}

TEST(t5_buckets, the_rule_turned_round) {
  for (const bool bidirectional : {false, true})
    for (index buckets = bidirectional ? 4 : 2; buckets < 40; ++buckets)
      for (index max_distance = 20; max_distance < 300; max_distance += 9)
        for (index difference = -310; difference < 310; ++difference)
          ASSERT_EQ(t5_bucket(difference, buckets, max_distance, bidirectional),
                    plain_bucket(difference, buckets, max_distance, bidirectional))
              << difference << " of " << buckets << ", " << max_distance;
}

TEST(t5_buckets, the_table_by_difference_serves_relative_bias) {
  // [32 buckets, 3 heads], entry 10 bucket + head
  std::vector<float> table;
  for (int bucket = 0; bucket < 32; ++bucket)
    for (int h = 0; h < 3; ++h) table.push_back(static_cast<float>(10 * bucket + h));
  const index queries = 150, keys = 200, first = 1 - keys, count = queries + keys - 1;
  for (const bool bidirectional : {false, true}) {
    std::vector<float> by_difference(3 * static_cast<std::size_t>(count));
    expand_t5_buckets(table.data(), 32, 128, bidirectional, by_difference.data(), 3, first, count);
    const relative_bias bias{by_difference.data(), 3, first, count};
    for (index h = 0; h < 3; ++h)
      for (index i = 0; i < queries; ++i)
        for (index j = 0; j < keys; ++j) {
          const index bucket = plain_bucket(j - (i + keys - queries), 32, 128, bidirectional);
          ASSERT_EQ((bias.bias<float>({0, h, i, queries, keys}, j)),
                    static_cast<float>(10 * bucket + h));
        }
  }
}

template <class... Args>
std::string thrown(Args... args) {
  try {
    expand_t5_buckets(args...);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(t5_buckets, errors) {
  const float table[4] = {};
  float to[2];
  const float* none = nullptr;
  EXPECT_EQ(thrown(table, 4, 8, true, to, 1, 0, 2), "");
  EXPECT_EQ(thrown(none, 4, 8, true, to, 1, 0, 0), "");
  EXPECT_EQ(thrown(table, 3, 8, true, to, 1, 0, 2),
            "skipmax: expand_t5_buckets: buckets: found 3, wanted at least 4");
  EXPECT_EQ(thrown(table, 1, 8, false, to, 1, 0, 2),
            "skipmax: expand_t5_buckets: buckets: found 1, wanted at least 2");
  EXPECT_EQ(thrown(table, 4, 2, false, to, 1, 0, 2),
            "skipmax: expand_t5_buckets: max_distance: found 2, wanted more than 2, the distances "
            "that have a bucket each");
  EXPECT_EQ(thrown(table, 4, 8, true, to, 1, 0, -2),
            "skipmax: expand_t5_buckets: count: found -2, wanted 0 or more");
  EXPECT_EQ(thrown(table, 4, 8, true, to, -1, 0, 2),
            "skipmax: expand_t5_buckets: heads: found -1, wanted 0 or more");
  constexpr index most = std::numeric_limits<index>::max();
  EXPECT_EQ(thrown(table, 4, 8, true, to, 1, most, 2),
            "skipmax: expand_t5_buckets: first: found 9223372036854775807, wanted at most "
            "9223372036854775805");
  EXPECT_EQ(t5_bucket(-most - 1, 4, 8, true), 1);
  EXPECT_EQ(t5_bucket(most, 4, 8, true), 3);
  EXPECT_EQ(thrown(none, 4, 8, true, to, 1, 0, 2),
            "skipmax: expand_t5_buckets: table: found a null pointer, wanted [4, 1]");
  EXPECT_EQ(thrown(table, 4, 8, true, static_cast<float*>(nullptr), 1, 0, 2),
            "skipmax: expand_t5_buckets: to: found a null pointer, wanted [1, 2]");
}

}  // namespace
