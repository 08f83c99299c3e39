// A language model's loop: the prompt at once, then token after token, with fewer kv heads than
// heads and a rotary embedding. Compared with all tokens at once.
#include <cmath>
#include <cstdio>
#include <skipmax/skipmax.hpp>
#include <vector>

using tensor = Eigen::Tensor<float, 4, Eigen::RowMajor>;  // [batch, length, heads, dim]

namespace model {
constexpr int batch = 2, heads = 8, kv_heads = 2, dim = 32, capacity = 64;
constexpr int prompt = 40, total = 48;  // tokens
}  // namespace model

// Tokens [first, last) in place: an Eigen slice would be a copy.
skipmax::tensor_view<float> tokens(tensor& x, int first, int last) {
  return skipmax::positions(skipmax::as_blhd(x), first, last);
}

int main() {
  using namespace model;
  using skipmax::as_blhd;
  tensor q(batch, total, heads, dim), k(batch, total, kv_heads, dim),
      v(batch, total, kv_heads, dim), out(batch, total, heads, dim);
  q.setRandom(), k.setRandom(), v.setRandom();

  // The attention rotates q, whose positions it knows; k is rotated once, when it is appended. The
  // angles are float for tensors of float, bf16 and f16, and must outlive the attention.
  std::vector<float> angles(capacity * dim);
  skipmax::rotary_turns(10000, capacity, dim, angles.data());
  const skipmax::rotary turn{angles.data(), capacity, dim};
  const auto attention = skipmax::relu_attention{}.with(skipmax::on_q{turn});

  skipmax::kv_cache<float> cache(batch, kv_heads, capacity, dim);
  tensor turned(batch, total, kv_heads, dim);
  const auto append = [&](int first, int last) {
    const auto k_new = tokens(turned, first, last);
    skipmax::transform_rows(turn, tokens(k, first, last), k_new, cache.lengths());
    cache.append(k_new, tokens(v, first, last));
  };
  append(0, prompt);
  attention.prefill(tokens(q, 0, prompt), cache, tokens(out, 0, prompt));
  for (int t = prompt; t < total; ++t) {
    append(t, t + 1);
    attention.decode(tokens(q, t, t + 1), cache, tokens(out, t, t + 1));
  }

  tensor whole(batch, total, heads, dim);
  attention.with(skipmax::causal{})
      .with(skipmax::on_k{turn})
      .forward(as_blhd(q), as_blhd(k), as_blhd(v), as_blhd(whole));
  float difference = 0;
  for (int i = 0; i < out.size(); ++i) {
    const float apart = std::fabs(out.data()[i] - whole.data()[i]);
    difference = std::isnan(apart) ? INFINITY : std::fmax(difference, apart);
  }
  std::printf("at most %g from all tokens at once\n", static_cast<double>(difference));
  return difference < 1e-5f ? 0 : 1;  // a cache in bf16 is off by some 1e-2
}
