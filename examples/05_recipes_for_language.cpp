// Attentions of language models: qk norm, rotary embedding and an output gate; sliding windows;
// sinks; ALiBi; T5. Each `auto attention` can be copied as it stands. Each is compared with plain
// loops, to 1e-5 of the largest output.
#include "recipes/plain.hpp"

using skipmax::as_blhd;
using skipmax::head_vector;

constexpr int batch = 1, length = 270, heads = 4, kv_heads = 2, dim = 32;

// Su et al. 2021, arXiv 2104.09864: elements x and x + dim / 2 of row l are a point, which is
// rotated by the angle l * base^(-2 x / dim).
plain::exact rotated(plain::exact t) {
  for (skipmax::index b = 0; b < t.dimension(0); ++b)
    for (int l = 0; l < length; ++l)
      for (skipmax::index h = 0; h < t.dimension(2); ++h)
        for (int x = 0; x < dim / 2; ++x) {
          const double re = t(b, l, h, x), im = t(b, l, h, x + dim / 2);
          const double turn = l * std::pow(10000, -2.0 * x / dim);
          t(b, l, h, x) = re * std::cos(turn) - im * std::sin(turn);
          t(b, l, h, x + dim / 2) = re * std::sin(turn) + im * std::cos(turn);
        }
  return t;
}

void causal_softmax(int, int i, int, plain::weights& w) {
  for (double& s : w) s /= std::sqrt(dim);
  plain::softmax(w, 0, i + 1);
}

// Qiu et al. 2025, arXiv 2505.06708: softmax attention times sigmoid(g), where g is a projection of
// the block's input: one g for each element here, one for each head below. The rest is as in models
// of that year: an RMS norm of q and k with 1 + weight, then a rotary embedding, and query heads
// that share kv heads.
bool gated_softmax() {
  const auto x = plain::make_inputs(batch, length, heads, kv_heads, dim, dim);
  const plain::numbers q_weight = plain::normal(dim, 0, 5), k_weight = plain::normal(dim, 0, 6);
  plain::numbers turns(length * dim);
  skipmax::rotary_turns(10000, length, dim, turns.data());

  const skipmax::rotary turn{turns.data(), length, dim};
  const skipmax::rms_norm q_norm{head_vector{q_weight.data(), dim}, 1e-6, true};
  const skipmax::rms_norm k_norm{head_vector{k_weight.data(), dim}, 1e-6, true};
  auto attention =
      skipmax::softmax_attention{}
          .with(skipmax::causal{})
          .with(skipmax::qk_rows{skipmax::in_turn{q_norm, turn}, skipmax::in_turn{k_norm, turn}})
          .with(skipmax::gate{as_blhd(x.u), skipmax::sigmoid{}});

  auto wanted = plain::attend(rotated(plain::rms_norm(x.q.cast<double>(), 1 + q_weight)),
                              rotated(plain::rms_norm(x.k.cast<double>(), 1 + k_weight)), x.v,
                              causal_softmax);
  for (skipmax::index n = 0; n < wanted.size(); ++n)
    wanted.data()[n] *= plain::sigmoid(x.u.data()[n]);
  return plain::report("softmax, norm, rotary, gate of elements", run(attention, x), wanted);
}

// One number of the gate for each head. Without a rotary embedding, one slot has both norms.
bool gated_softmax_by_head() {
  const auto x = plain::make_inputs(batch, length, heads, kv_heads, dim, dim);
  const plain::numbers q_weight = plain::normal(dim, 0, 5), k_weight = plain::normal(dim, 0, 6);
  const plain::tensor g = plain::normal(batch, length, heads, 1, 7);

  auto attention = skipmax::softmax_attention{}
                       .with(skipmax::causal{})
                       .with(skipmax::qk_rmsnorm{head_vector{q_weight.data(), dim},
                                                 head_vector{k_weight.data(), dim}, 1e-6, true})
                       .with(skipmax::gate{as_blhd(g), skipmax::sigmoid{}});

  auto wanted =
      plain::attend(plain::rms_norm(x.q.cast<double>(), 1 + q_weight),
                    plain::rms_norm(x.k.cast<double>(), 1 + k_weight), x.v, causal_softmax);
  for (skipmax::index n = 0; n < wanted.size(); ++n)
    wanted.data()[n] *= plain::sigmoid(g.data()[n / dim]);
  return plain::report("softmax, qk norm, gate of heads", run(attention, x), wanted);
}

// Jiang et al. 2023, arXiv 2310.06825: a query sees itself and the 63 keys before it.
bool sliding_window() {
  const auto x = plain::make_inputs(batch, length, heads, kv_heads, dim, dim);

  auto attention = skipmax::softmax_attention{}.with(skipmax::sliding_window{63, 0});

  const auto wanted = plain::attend(x, [](auto, auto i, auto, plain::weights& w) {
    for (double& s : w) s /= std::sqrt(dim);
    plain::softmax(w, std::max(i - 63, 0), i + 1);
  });
  return plain::report("softmax, causal, window of 64, shared kv", run(attention, x), wanted);
}

// OpenAI 2025, arXiv 2508.10925: each head has a learned score that takes part in softmax's sum, as
// of a key without a value. Some layers of the model have a window.
bool sinks() {
  const auto x = plain::make_inputs(batch, length, heads, kv_heads, dim, dim);
  const plain::numbers learned = plain::normal(heads, 0, 5);

  auto attention = skipmax::softmax_attention{}
                       .with(skipmax::softmax_with_sinks{learned.data(), heads})
                       .with(skipmax::sliding_window{127, 0});

  const auto wanted = plain::attend(x, [&](auto, auto i, auto h, plain::weights& w) {
    plain::weights of_keys_and_sink(length + 1);
    for (int j = 0; j < length; ++j) of_keys_and_sink[j + 1] = w[j] / std::sqrt(dim);
    const int first = std::max(i - 127, 0);
    of_keys_and_sink[first] = learned[h];
    plain::softmax(of_keys_and_sink, first, i + 2);
    for (int j = 0; j < length; ++j) w[j] = j < first ? 0 : of_keys_and_sink[j + 1];
  });
  return plain::report("softmax, causal, window of 128, sinks", run(attention, x), wanted);
}

// Press et al. 2022, arXiv 2108.12409: s - slope (i - j), a slope for each head.
bool alibi() {
  const auto x = plain::make_inputs(batch, length, 8, 8, dim, dim);
  double slopes[8];
  skipmax::alibi_slopes(slopes, 8);

  auto attention =
      skipmax::softmax_attention{}.with(skipmax::causal{}).with(skipmax::alibi{slopes, 8});

  const auto wanted = plain::attend(x, [](auto, auto i, auto h, plain::weights& w) {
    const double slope = std::pow(0.5, h + 1);  // 1/2, 1/4, .. 1/256 for eight heads
    for (int j = 0; j < length; ++j) w[j] = w[j] / std::sqrt(dim) - slope * (i - j);
    plain::softmax(w, 0, i + 1);
  });
  return plain::report("softmax, causal, ALiBi", run(attention, x), wanted);
}

// T5's bucket of a key in an encoder. Half of the 32 are for keys after the query; each half has 8
// for the distances 0 to 7, then 2 for each doubling up to 128. Found in integers: 64 * 2^n <=
// distance^2.
int bucket(int difference) {
  const int distance = std::abs(difference), half = difference > 0 ? 16 : 0;
  if (distance < 8) return half + distance;
  int n = 0;
  while (n < 7 && (128 << n) <= distance * distance) ++n;
  return half + 8 + n;
}

// Raffel et al. 2020, arXiv 1910.10683: softmax(<q, k> + b), no 1 / sqrt(d). table is [buckets,
// heads].
bool t5() {
  const auto x = plain::make_inputs(batch, length, heads, heads, dim, dim);
  const plain::numbers table = plain::normal(32 * heads, 0, 5);
  const int differences = 2 * length - 1;  // j - i from 1 - length on

  plain::numbers bias(heads * differences);
  skipmax::expand_t5_buckets(table.data(), 32, 128, true, bias.data(), heads, 1 - length,
                             differences);
  auto attention = skipmax::softmax_attention{}
                       .with(skipmax::scale{1})
                       .with(skipmax::relative_bias{bias.data(), heads, 1 - length, differences});

  const auto wanted = plain::attend(x, [&](auto, auto i, auto h, plain::weights& w) {
    for (int j = 0; j < length; ++j) w[j] += table[bucket(j - i) * heads + h];
    plain::softmax(w, 0, length);
  });
  return plain::report("softmax, T5's bias", run(attention, x), wanted);
}

int main() {
  bool ok = gated_softmax();
  ok &= gated_softmax_by_head();
  ok &= sliding_window();
  ok &= sinks();
  ok &= alibi();
  ok &= t5();
  return ok ? 0 : 1;
}
