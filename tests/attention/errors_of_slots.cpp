// Every mistake in what an attention wears, through forward(): an std::invalid_argument that names the
// slot, the argument, what was found and what was wanted, before anything is written.
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "skipmax/attention.hpp"
#include "support/any_dressing.hpp"
#include "support/any_slot.hpp"
#include "support/check.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

// q [2, 9, 6, 5], k [2, 11, 3, 5], v [2, 11, 3, 7], out [2, 9, 6, 7]
const problem batch_of_two{2, 9, 11, 6, 3, 5, 7};
const problem ragged{1, 9, 11, 6, 3, 5, 7};

const float numbers[2 * 6 * 9 * 11] = {};
const std::uint8_t flags[2 * 6 * 9 * 11] = {};

// One type for all: slots that are chosen at run time.
using any = support::any_transform<float>;
using dressed =
    attention<relu, by_length<support::any_divisor>, support::any_mask_of, no_cap,
              support::any_bias_of<float>, row_slots<any, any, any, support::any_gate<float>>>;

std::string message(const dressed& a, const support::operands<float>& x, tensor_view<float> out) {
  try {
    a.forward(x.q.read(), x.k.read(), x.v.read(), out);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

void expect(const dressed& a, const std::string& wanted, const problem& p = batch_of_two) {
  support::operands<float> x(p);
  const auto before = x.out.memory();
  EXPECT_EQ(message(a, x, x.out.view()), wanted);
  EXPECT_EQ(x.out.same_memory(before), wanted != "no error") << wanted;
}

dressed with_mask(support::any_mask_slot mask) {
  dressed a;
  a.mask = {mask};
  return a;
}
dressed with_bias(support::any_bias_slot<float> bias) {
  dressed a;
  a.bias = {bias};
  return a;
}

TEST(errors_of_slots, what_is_right_passes) {
  expect(dressed{}, "no error");
  dressed a;
  const double slopes[6] = {};
  a.mask = {dense_mask<>{flags, 2, 6, 9, 11}};
  a.bias = {alibi{slopes, 6}};
  a.rows.q = {layer_norm<float>{{numbers, 5, 6}, {numbers, 5}}};
  a.rows.k = {rms_norm<float>{{numbers, 5, 3}}};
  a.rows.out = {rms_norm<float>{{numbers, 7, 6}}};
  a.rows.gate = {{gate<float, silu>{blhd(numbers, 2, 9, 6, 7)}}};
  expect(a, "no error");
}

TEST(errors_of_slots, dense_bias) {
  const std::string wanted =
      ", wanted [1 or 2, 1 or 6, 1 or 9, 11], the batch and heads of q and the lengths of q and k "
      "(of "
      "segments: their number and the longest)";
  const auto shape = [&](index b, index h, index q, index k) {
    return with_bias(skipmax::dense_bias<float>{numbers, b, h, q, k});
  };
  const std::string found = "skipmax: bias dense_bias: found ";
  expect(shape(2, 6, 9, 11), "no error");
  expect(shape(1, 1, 9, 11), "no error");
  expect(shape(3, 6, 9, 11), found + "[3, 6, 9, 11]" + wanted);
  expect(shape(0, 6, 9, 11), found + "[0, 6, 9, 11]" + wanted);
  expect(shape(2, 3, 9, 11), found + "[2, 3, 9, 11]" + wanted);  // kv heads are not heads
  expect(shape(2, -1, 9, 11), found + "[2, -1, 9, 11]" + wanted);
  expect(shape(2, 6, 1, 11), "no error");
  expect(shape(2, 6, 2, 11), found + "[2, 6, 2, 11]" + wanted);
  expect(shape(2, 6, 9, 12), found + "[2, 6, 9, 12]" + wanted);
  expect(shape(2, 6, 11, 9), found + "[2, 6, 11, 9]" + wanted);
  expect(with_bias(skipmax::dense_bias<float>{nullptr, 1, 6, 9, 11}),
         "skipmax: bias dense_bias: data: found a null pointer, wanted [1, 6, 9, 11]");
  expect(with_bias(skipmax::dense_bias<float>{}), found + "[0, 0, 0, 0]" + wanted);
}

TEST(errors_of_slots, dense_masks) {
  const std::string wanted =
      ", wanted [1 or 2, 1 or 6, 1 or 9, 11], the batch and heads of q and the lengths of q and k "
      "(of "
      "segments: their number and the longest)";
  const auto bytes = [&](const std::uint8_t* data, index b, index h, index q, index k) {
    return with_mask(dense_mask<>{data, b, h, q, k});
  };
  const auto bits = [&](const std::uint8_t* data, index b, index h, index q, index k) {
    return with_mask(both<sliding_window, bit_mask>{{3, 3}, {data, b, h, q, k}});
  };
  expect(bytes(flags, 1, 6, 9, 11), "no error");
  expect(bits(flags, 2, 1, 9, 11), "no error");
  expect(bytes(flags, 2, 1, 1, 11), "no error");
  for (const auto& [b, h, q, k, found] : {std::tuple{3, 6, 9, 11, "[3, 6, 9, 11]"},
                                          {0, 1, 9, 11, "[0, 1, 9, 11]"},
                                          {2, 3, 9, 11, "[2, 3, 9, 11]"},
                                          {1, 1, 8, 11, "[1, 1, 8, 11]"},
                                          {1, 1, 9, 16, "[1, 1, 9, 16]"},
                                          {-1, 1, 9, 11, "[-1, 1, 9, 11]"},
                                          {1, 1, 11, 9, "[1, 1, 11, 9]"}}) {
    expect(bytes(flags, b, h, q, k), "skipmax: mask dense_mask: found " + (found + wanted));
    expect(bits(flags, b, h, q, k), "skipmax: mask bit_mask: found " + (found + wanted));
  }
  expect(bytes(nullptr, 2, 1, 9, 11),
         "skipmax: mask dense_mask: data: found a null pointer, wanted [2, 1, 9, 11]");
  expect(bits(nullptr, 2, 1, 9, 11),
         "skipmax: mask bit_mask: data: found a null pointer, wanted [2, 1, 9, 11]");
}

TEST(errors_of_slots, windows) {
  const auto bits = [](index before, index after) {
    return with_mask(both<sliding_window, bit_mask>{{before, after}, {flags, 1, 1, 9, 11}});
  };
  expect(with_mask(sliding_window{-1, 0}),
         "skipmax: mask sliding_window: before: found -1, wanted 0 or more keys");
  expect(with_mask(sliding_window{0, -2}),
         "skipmax: mask sliding_window: after: found -2, wanted 0 or more keys");
  expect(bits(-1, 3), "skipmax: mask sliding_window: before: found -1, wanted 0 or more keys");
}

TEST(errors_of_slots, alibi) {
  double slopes[] = {1, 2, 3, 4, 5, 6};
  expect(with_bias(skipmax::alibi{slopes, 3}),
         "skipmax: bias alibi: found 3 slopes, wanted one for each of the 6 heads of q");
  expect(with_bias(skipmax::alibi{nullptr, 6}),
         "skipmax: bias alibi: slopes: found a null pointer, wanted [6]");
  expect(with_bias(skipmax::alibi{}),
         "skipmax: bias alibi: found 0 slopes, wanted one for each of the 6 heads of q");
  for (const double slope : {nan, infinity, -infinity, 1e38}) {
    slopes[4] = slope;
    support::operands<float> x(batch_of_two);
    const auto before = x.out.memory();
    const std::string text = message(with_bias(skipmax::alibi{slopes, 6}), x, x.out.view());
    EXPECT_EQ(text.rfind("skipmax: bias alibi: slopes[4]: found ", 0), 0u) << text;
    EXPECT_NE(text.find(", wanted a number whose product"), std::string::npos) << text;
    EXPECT_TRUE(x.out.same_memory(before));
  }
}

TEST(errors_of_slots, relative_bias) {
  std::vector<float> table(6 * 20, 1);
  const auto with = [](const float* data, index heads, index first, index count) {
    return with_bias(skipmax::relative_bias<float>{data, heads, first, count});
  };
  expect(with(table.data(), 1, -10, 20), "no error");
  expect(with(table.data(), 3, -10, 20),
         "skipmax: bias relative_bias: found a table for 3 heads, wanted 1 or 6, the heads of q");
  expect(with(table.data(), 0, -10, 20),
         "skipmax: bias relative_bias: found a table for 0 heads, wanted 1 or 6, the heads of q");
  expect(with(table.data(), 6, -10, 0),
         "skipmax: bias relative_bias: count: found 0, wanted at least 1 difference");
  expect(with(table.data(), 6, -10, -4),
         "skipmax: bias relative_bias: count: found -4, wanted at least 1 difference");
  expect(with(nullptr, 6, -10, 20),
         "skipmax: bias relative_bias: data: found a null pointer, wanted [6, 20]");
  table[2 * 20 + 18] =
      -std::numeric_limits<float>::infinity();  // the difference 8: the last there is
  expect(with(table.data(), 6, -10, 20),
         "skipmax: bias relative_bias: data[2, 18]: found -inf, wanted a number, or "
         "relative_bias<T, true>, which hides keys");
  table[2 * 20 + 18] = 0, table[2 * 20 + 19] = -std::numeric_limits<float>::infinity();
  expect(with(table.data(), 6, -10, 20), "no error");  // no pair is so far apart
}

// The same transform of q, of k and of out: each has sizes of its own, and k the kv heads.
TEST(errors_of_slots, learned_numbers_of_norms) {
  const auto of_weight = [](head_vector<float> weight) {
    return any{skipmax::layer_norm<float>{weight, {}, 1e-6}};
  };
  const auto of_bias = [](head_vector<float> bias) {
    return any{skipmax::layer_norm<float>{{}, bias, 1e-6}};
  };
  const auto of_rms = [](head_vector<float> weight) {
    return any{skipmax::rms_norm<float>{weight, 1e-6, true}};
  };
  const auto on_q = [](any rows) {
    dressed a;
    a.rows.q = rows;
    return a;
  };
  const auto on_k = [](any rows) {
    dressed a;
    a.rows.k = rows;
    return a;
  };
  const auto on_out = [](any rows) {
    dressed a;
    a.rows.out = rows;
    return a;
  };
  const auto each = [&](const auto& on, const std::string& slot, index heads, index dim) {
    const std::string size = std::to_string(dim), all = std::to_string(heads);
    const std::string wanted =
        ", wanted [1, " + size + "] for all heads or [" + all + ", " + size + "]";
    const auto one = [&](const auto& of, const std::string& name) {
      expect(on(of({numbers, dim})), "no error");
      expect(on(of({numbers, dim, heads})), "no error");
      const auto wrong = [&](head_vector<float> v, const std::string& found) {
        expect(on(of(v)), "skipmax: " + slot + ": row " + name + ": found " + found + wanted);
      };
      wrong({numbers, dim + 1}, "[1, " + std::to_string(dim + 1) + "]");
      wrong({numbers, 0}, "[1, 0]");
      wrong({numbers, dim, 2}, "[2, " + size + "]");
      wrong({numbers, dim, 9 - heads}, "[" + std::to_string(9 - heads) + ", " + size + "]");
      wrong({numbers, dim, 0}, "[0, " + size + "]");
      wrong({nullptr, dim}, "a null pointer");
      wrong({nullptr, -1, -1}, "[-1, -1]");
    };
    one(of_weight, "layer_norm: weight");
    one(of_bias, "layer_norm: bias");
    one(of_rms, "rms_norm: weight");
    for (const auto& [eps, found] :
         {std::pair{-1e-6, "-1e-06"}, {infinity, "inf"}, {-infinity, "-inf"}}) {
      const std::string complaint =
          ": eps: found " + (found + std::string(", wanted a finite number, not negative"));
      expect(on({skipmax::layer_norm<float>{{}, {}, eps}}),
             "skipmax: " + slot + ": row layer_norm" + complaint);
      expect(on({skipmax::rms_norm<float>{{}, eps}}),
             "skipmax: " + slot + ": row rms_norm" + complaint);
    }
  };
  each(on_q, "on_q", 6, 5);
  each(on_k, "on_k", 3, 5);
  each(on_out, "on_out", 6, 7);

  const std::string k_wanted = ", wanted [1, 5] for all heads or [3, 5]";
  const qk_layernorm<float> norms{{numbers, 5, 6}, {numbers, 5, 6}};
  expect(on_q({norms.q_rows()}), "no error");
  expect(on_k({norms.k_rows()}), "skipmax: on_k: row layer_norm: weight: found [6, 5]" + k_wanted);
  const qk_rmsnorm<float> means{{numbers, 5, 6}, {numbers, 5, 6}};
  expect(on_k({means.k_rows()}), "skipmax: on_k: row rms_norm: weight: found [6, 5]" + k_wanted);
}

TEST(errors_of_slots, eps_that_is_no_number) {
  dressed a;
  a.rows.q = {skipmax::layer_norm<float>{{}, {}, nan}};
  support::operands<float> x(batch_of_two);
  const std::string text = message(a, x, x.out.view());
  EXPECT_EQ(text.rfind("skipmax: on_q: row layer_norm: eps: found ", 0), 0u) << text;
}

TEST(errors_of_slots, gates) {
  const auto with = [](const float* data, index b, index l, index h, index d) {
    dressed a;
    a.rows.gate = {{gate<float, silu>{blhd(data, b, l, h, d), {}}}};
    return a;
  };
  const std::string wanted = ", wanted [2, 9, 6, 7], or 1 for the last";
  expect(with(numbers, 2, 9, 6, 7), "no error");
  expect(with(numbers, 2, 9, 6, 1), "no error");
  expect(with(numbers, 1, 9, 6, 7), "skipmax: gate: g: found [1, 9, 6, 7]" + wanted);
  expect(with(numbers, 2, 11, 6, 7), "skipmax: gate: g: found [2, 11, 6, 7]" + wanted);
  expect(with(numbers, 2, 9, 3, 7), "skipmax: gate: g: found [2, 9, 3, 7]" + wanted);
  expect(with(numbers, 2, 9, 6, 5), "skipmax: gate: g: found [2, 9, 6, 5]" + wanted);
  expect(with(numbers, 2, 9, 6, 0), "skipmax: gate: g: found [2, 9, 6, 0]" + wanted);
  expect(with(numbers, 2, 9, 6, -7), "skipmax: gate: g: found [2, 9, 6, -7]" + wanted);
  expect(with(nullptr, 2, 9, 6, 7), "skipmax: gate: g: found a null pointer, wanted [2, 9, 6, 7]");
  expect(with(nullptr, 2, 9, 6, 1), "skipmax: gate: g: found a null pointer, wanted [2, 9, 6, 1]");
  dressed a;
  a.rows.gate = {{gate<float, sigmoid>{blhd(numbers, 2, 9, 6, 1), sigmoid{infinity}}}};
  expect(a, "skipmax: score sigmoid: bias: found inf, wanted a finite number");
}

dressed with_segments(segments s) {
  dressed a;
  a.segments = s;
  return a;
}

TEST(errors_of_slots, segments) {
  const index good[] = {0, 4, 4, 9}, keys[] = {0, 0, 2, 11};
  expect(with_segments({good, 3, keys}), "no error", ragged);
  expect(with_segments({}), "no error", ragged);
  expect(with_segments({good, 3, keys}),
         "skipmax: segments: found a batch of 2, wanted 1: sequences lie one after the other in "
         "length");
  expect(with_segments({nullptr, 3, keys}),
         "skipmax: segments: offsets: found a null pointer, wanted [4]", ragged);
  const std::string of_count = ", wanted the number of sequences, 0 or more: [count + 1] offsets";
  expect(with_segments({good, -2, keys}), "skipmax: segments: count: found -2" + of_count, ragged);
  expect(with_segments({good, __INT64_MAX__}),
         "skipmax: segments: count: found 9223372036854775807" + of_count, ragged);
  expect(with_segments({nullptr, -5}), "skipmax: segments: count: found -5" + of_count, ragged);
  expect(with_segments({good}), "skipmax: segments: count: found -1" + of_count, ragged);
  // k is longer than q: its own offsets were forgotten
  expect(with_segments({good, 3}),
         "skipmax: segments: offsets[3]: found 9, wanted 11, the length of k", ragged);
}

TEST(errors_of_slots, offsets) {
  const index good[] = {0, 4, 4, 9}, good_keys[] = {0, 0, 2, 11};
  const auto wrong = [&](std::vector<index> offsets, const std::string& wanted) {
    expect(with_segments({offsets.data(), static_cast<index>(offsets.size()) - 1, good_keys}),
           "skipmax: segments: offsets" + wanted, ragged);
  };
  wrong({1, 4, 4, 9}, "[0]: found 1, wanted 0");
  wrong({-1, 4, 4, 9}, "[0]: found -1, wanted 0");
  wrong({0, 4, 3, 9}, "[2]: found 3, wanted 4 to 9: offsets do not fall");
  wrong({0, -4, 3, 9}, "[1]: found -4, wanted 0 to 9: offsets do not fall");
  wrong({0, 4, 10, 9}, "[2]: found 10, wanted 4 to 9: offsets do not fall");
  wrong({0, 4, 4, 8}, "[3]: found 8, wanted 9, the length of q");
  wrong({0, 4, 4, 10}, "[3]: found 10, wanted 9, the length of q");
  wrong({0}, "[0]: found 0, wanted 9, the length of q");
  wrong({9}, "[0]: found 9, wanted 0");
  const auto wrong_keys = [&](std::vector<index> offsets, const std::string& wanted) {
    expect(with_segments({good, 3, offsets.data()}), "skipmax: segments: key_offsets" + wanted,
           ragged);
  };
  wrong_keys({2, 4, 4, 11}, "[0]: found 2, wanted 0");
  wrong_keys({0, 4, 3, 11}, "[2]: found 3, wanted 4 to 11: offsets do not fall");
  wrong_keys({0, 4, 12, 11}, "[2]: found 12, wanted 4 to 11: offsets do not fall");
  wrong_keys({0, 4, 4, 9}, "[3]: found 9, wanted 11, the length of k");
}

// With segments the other slots count sequences, and the longest of them: here 3, [6, 7].
TEST(errors_of_slots, slots_of_segments) {
  const index queries[] = {0, 2, 8, 9}, keys[] = {0, 7, 11, 11};
  const dressed plain = with_segments({queries, 3, keys});
  const auto mask = [&](support::any_mask_slot slot) {
    dressed a = plain;
    a.mask = {slot};
    return a;
  };
  const auto bias = [&](support::any_bias_slot<float> slot) {
    dressed a = plain;
    a.bias = {slot};
    return a;
  };
  const index lengths[] = {7, 4, 0}, too_long[] = {7, 8, 0};
  expect(mask(key_lengths{lengths, 3}), "no error", ragged);
  expect(
      mask(key_lengths{lengths, 1}),
      "skipmax: mask key_lengths: found 1 lengths, wanted one for each of the 3 sequences of the "
      "batch",
      ragged);
  expect(mask(key_lengths{too_long, 3}),
         "skipmax: mask key_lengths: lengths[1]: found 8, wanted 0 to 7, the length of k (of "
         "segments: the longest)",
         ragged);
  expect(mask(dense_mask<>{flags, 3, 1, 6, 7}), "no error", ragged);
  expect(mask(dense_mask<>{flags, 1, 1, 9, 11}),
         "skipmax: mask dense_mask: found [1, 1, 9, 11], wanted [1 or 3, 1 or 6, 1 or 6, 7], the "
         "batch "
         "and heads of q and the lengths of q and k (of segments: their number and the longest)",
         ragged);
  expect(bias(skipmax::dense_bias<float>{numbers, 3, 6, 6, 7}), "no error", ragged);
  expect(bias(skipmax::dense_bias<float>{numbers, 2, 6, 6, 7}),
         "skipmax: bias dense_bias: found [2, 6, 6, 7], wanted [1 or 3, 1 or 6, 1 or 6, 7], the "
         "batch and "
         "heads of q and the lengths of q and k (of segments: their number and the longest)",
         ragged);
  // the gate lies in a tensor like out
  dressed a = plain;
  a.rows.gate = {{gate<float, silu>{blhd(numbers, 3, 6, 6, 7), {}}}};
  expect(a, "skipmax: gate: g: found [3, 6, 6, 7], wanted [1, 9, 6, 7], or 1 for the last", ragged);
  a.rows.gate = {{gate<float, silu>{blhd(numbers, 1, 9, 6, 7), {}}}};
  expect(a, "no error", ragged);
}

// A divisor for each row of each sequence; rows that a shorter one does not have, or whose sequence has no
// keys, are not divided.
TEST(errors_of_slots, per_row_of_segments) {
  const index queries[] = {0, 2, 8, 9}, keys[] = {0, 7, 11, 11};
  std::vector<double> data{1, 2, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0};
  const auto with = [&](index batch, index rows) {
    dressed a = with_segments({queries, 3, keys});
    a.normalizer.divisor = {per_row{data.data(), batch, rows}};
    return a;
  };
  expect(with(3, 6), "no error", ragged);
  const std::string wanted =
      ", wanted [1 or 3, 6], the batch and length of q (of segments: their number and the longest)";
  expect(with(3, 9), "skipmax: divisor per_row: found [3, 9]" + wanted, ragged);
  expect(with(2, 6), "skipmax: divisor per_row: found [2, 6]" + wanted, ragged);
  const std::string number = ": found 0, wanted a finite number above 0";
  expect(with(1, 6), "skipmax: divisor per_row: row [1, 2]" + number, ragged);  // of all sequences
  data[1] = 0;
  expect(with(3, 6), "skipmax: divisor per_row: row [0, 1]" + number, ragged);
  data[1] = 1, data[11] = 0;
  expect(with(3, 6), "skipmax: divisor per_row: row [1, 5]" + number, ragged);
  dressed a = with(3, 6);
  a.mask = {sliding_window{0, 0}};  // the last query of sequence 1 sees its last key
  expect(a, "skipmax: divisor per_row: row [1, 5]" + number, ragged);
  data[11] = 6, data[6] = data[7] = 0;
  a.mask = {causal{}};  // 6 queries, 4 keys: the first two see none
  expect(a, "no error", ragged);
}

// The first of several mistakes is told: views, then segments, then the other slots.
TEST(errors_of_slots, one_at_a_time) {
  dressed a = with_segments({nullptr, 2});
  a.bias = {skipmax::dense_bias<float>{}};
  expect(a, "skipmax: segments: offsets: found a null pointer, wanted [3]", ragged);
}

}  // namespace
