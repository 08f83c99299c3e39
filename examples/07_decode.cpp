// A language model's loop: the prompt at once, then token after token, with
// fewer kv heads than heads and a bias by distance. Compared with all tokens at once.
#include <cmath>
#include <cstdio>
#include <skipmax/skipmax.hpp>
#include <vector>

using tensor = Eigen::Tensor<float, 4, Eigen::RowMajor>;  // [batch, length, heads, dim]

namespace model {
constexpr int batch = 2, heads = 8, kv_heads = 2, dim = 32, capacity = 64;
constexpr int prompt = 40, total = 48;  // tokens
}  // namespace model

// Tokens [first, last) where they lie: an Eigen slice would be a copy.
skipmax::tensor_view<float> tokens(tensor& x, int first, int last) {
  return skipmax::positions(skipmax::as_blhd(x), first, last);
}

int main() {
  using namespace model;
  using skipmax::as_blhd;
  tensor q(batch, total, heads, dim), k(batch, total, kv_heads, dim),
      v(batch, total, kv_heads, dim), out(batch, total, heads, dim);
  q.setRandom(), k.setRandom(), v.setRandom();

  // Of distances j - p from 1 - capacity to 0: the last number is for the token itself.
  std::vector<float> table(heads * capacity);
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<float>(i % 7) * 0.1f;
  const auto attention = skipmax::relu_attention{}.with(
      skipmax::relative_bias{table.data(), heads, 1 - capacity, capacity});

  skipmax::kv_cache<float> cache(batch, kv_heads, capacity, dim);
  cache.append(tokens(k, 0, prompt), tokens(v, 0, prompt));
  attention.prefill(tokens(q, 0, prompt), cache, tokens(out, 0, prompt));
  for (int t = prompt; t < total; ++t) {
    cache.append(tokens(k, t, t + 1), tokens(v, t, t + 1));
    attention.decode(tokens(q, t, t + 1), cache, tokens(out, t, t + 1));
  }

  tensor whole(batch, total, heads, dim);
  attention.with(skipmax::causal{}).forward(as_blhd(q), as_blhd(k), as_blhd(v), as_blhd(whole));
  float difference = 0;
  for (int i = 0; i < out.size(); ++i) {
    const float apart = std::fabs(out.data()[i] - whole.data()[i]);
    difference = std::isnan(apart) ? INFINITY : std::fmax(difference, apart);
  }
  std::printf("at most %g from all tokens at once\n", static_cast<double>(difference));
  return difference < 1e-5f ? 0 : 1;
}
