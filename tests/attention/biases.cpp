// Biases in memory, by their own types: panels of keys read them in place; for keys and rows at the
// edges they are laid out. relu and softmax are applied to accumulators, silu to stored scores.
#include <limits>
#include <vector>

#include "skipmax/attention.hpp"
#include "support/check.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

// Every seventh pair hidden, or none.
std::vector<float> numbers(index count, bool hides, double largest = 1) {
  std::vector<float> all(static_cast<std::size_t>(count));
  for (std::size_t n = 0; n < all.size(); ++n)
    all[n] = hides && n % 7 == 3 ? -std::numeric_limits<float>::infinity()
                                 : static_cast<float>(support::uniform(3, n, -largest, largest));
  return all;
}

// The tensors have 64 keys or more, the first sequence any number of them.
template <class Check>
void for_lengths(const Check& check) {
  for (const index queries : {14, 3})
    for (const index keys : {64, 80, 300})
      for (const index length : {1, 15, 17, 20, 33, 48, 49, 52, 53, 63, 64})
        check(problem{2, queries, keys, 2, 1, 16, 32}, length);
}

template <class Attention>
void check_dense(const Attention& attention) {
  for (const bool hides : {false, true})
    for_lengths([&](const problem& p, index length) {
      const std::vector<float> all = numbers(p.heads * p.query_length * p.key_length, hides);
      const index lengths[] = {length, p.key_length};
      const auto a = attention.with(key_lengths{lengths, 2})
                         .with(dense_bias{all.data(), 1, p.heads, p.query_length, p.key_length});
      support::check_against_reference<float>(a, p, 1);
    });
}

template <class Attention>
void check_relative(const Attention& attention) {
  for_lengths([&](const problem& p, index length) {
    const index lengths[] = {length, p.key_length};
    for (const index count : {p.query_length + p.key_length - 1, index{40}}) {
      const std::vector<float> table = numbers(p.heads * count, false);
      const auto a = attention.with(key_lengths{lengths, 2})
                         .with(relative_bias{table.data(), p.heads, 1 - p.key_length, count});
      support::check_against_reference<float>(a, p, 2);
    }
  });
}

TEST(biases, relu_dense_in_shortened_sequences) {
  check_dense(relu_attention{});
}
TEST(biases, relu_relative_in_shortened_sequences) {
  check_relative(relu_attention{});
}
TEST(biases, softmax_dense_in_shortened_sequences) {
  check_dense(softmax_attention{});
}
TEST(biases, softmax_relative_in_shortened_sequences) {
  check_relative(softmax_attention{});
}
TEST(biases, silu_relative_in_shortened_sequences) {
  check_relative(attention<silu, by_length<>>{});
}

TEST(biases, capped_sigmoid_relative_in_shortened_sequences) {
  check_relative(sigmoid_attention{}.with(softcap{2}));
}

// A window begins within a register, and reaches over several tiles.
TEST(biases, silu_relative_in_a_window) {
  for (const index before : {3, 40, 270})
    for (const index queries : {14, 45}) {
      const problem p{1, queries, 620, 2, 1, 16, 24};
      const index count = queries + p.key_length - 1;
      const std::vector<float> table = numbers(2 * count, false);
      const auto a = attention<silu, by_length<>>{}
                         .with(sliding_window{before, 5})
                         .with(relative_bias{table.data(), 2, 1 - p.key_length, count});
      support::check_against_reference<float>(a, p, 6);
    }
}

// Scores that move softmax's reference, tile after tile.
TEST(biases, softmax_relative_far_from_zero) {
  for (const index queries : {3, 30})
    for (const index keys : {49, 600}) {
      const problem p{1, queries, keys, 2, 1, 16, 24};
      const index count = queries + keys - 1;
      std::vector<float> table = numbers(2 * count, false, 30);
      for (std::size_t n = 0; n < table.size(); ++n) table[n] += static_cast<float>(n % 400) - 200;
      const auto a =
          softmax_attention{}.with(causal{}).with(relative_bias{table.data(), 2, 1 - keys, count});
      support::check_against_reference<float>(a, p, 4);
    }
}

// Keys before the first that is seen stand in a panel of their own, and the last ones in rows.
struct all_from {
  static constexpr bool rows_alike = true;
  index first;
  SKIPMAX_INLINE key_range visible(row_position at) const { return {first, at.key_length}; }
};

TEST(biases, softmax_of_all_keys_but_the_first) {
  for (const index keys : {36, 49, 65, 68})
    for (const index first : {1, 5, 17, 33}) {
      const problem p{1, 20, keys, 2, 1, 16, 24};
      const std::vector<float> all = numbers(p.query_length * keys, false);
      const auto a = softmax_attention{}
                         .with(all_from{first})
                         .with(dense_bias{all.data(), 1, 1, p.query_length, keys});
      support::check_against_reference<float>(a, p, 5);
    }
}

TEST(biases, dense_under_a_causal_mask) {
  for (const index queries : {1, 14, 29, 49})
    for (const index keys : {33, 49, 64, 290}) {
      const problem p{1, queries, keys, 2, 1, 16, 24};
      const std::vector<float> all = numbers(queries * keys, true);
      const auto a =
          relu_attention{}.with(causal{}).with(dense_bias{all.data(), 1, 1, queries, keys});
      support::check_against_reference<float>(a, p, 3);
    }
}

}  // namespace
