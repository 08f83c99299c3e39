// Keys held in two places, here by two threads: each computes its part of the attention, then the
// parts are merged and finished. To merge, relu / L adds, and softmax also needs its state; the
// code is the same.
#include <cmath>
#include <cstdio>
#include <future>
#include <skipmax/skipmax.hpp>

constexpr int queries = 4, keys = 1000, heads = 2, dim = 32, first_of_high = 600;

template <class Attention>
bool is_forward(const char* name, const Attention& attention) {
  using tensor = Eigen::Tensor<float, 4, Eigen::RowMajor>;  // [batch, length, heads, dim]
  tensor q(1, queries, heads, dim), k(1, keys, heads, dim), v(1, keys, heads, dim);
  tensor out(1, queries, heads, dim), whole(1, queries, heads, dim);
  q.setRandom(), k.setRandom(), v.setRandom();
  using skipmax::as_blhd;
  attention.forward(as_blhd(q), as_blhd(k), as_blhd(v), as_blhd(whole));

  skipmax::partial<float> low, high;
  const auto attend = [&](int first, int last, skipmax::partial<float>& part) {
    attention.forward_partial(as_blhd(q), skipmax::positions(as_blhd(k), first, last),
                              skipmax::positions(as_blhd(v), first, last), {first, keys}, part);
  };
  auto other = std::async(std::launch::async, [&] { attend(first_of_high, keys, high); });
  attend(0, first_of_high, low);
  other.get();  // throws here what the other thread threw
  attention.merge(low, high);
  attention.finish(low, as_blhd(out));

  float difference = 0;
  for (int i = 0; i < out.size(); ++i) {
    const float apart = std::fabs(out.data()[i] - whole.data()[i]);
    difference = std::isnan(apart) ? INFINITY : std::fmax(difference, apart);
  }
  std::printf("%s: at most %g from attention over all keys\n", name,
              static_cast<double>(difference));
  return difference < 1e-5f;
}

int main() {
  const bool relu = is_forward("relu / L", skipmax::relu_attention{}.with(skipmax::causal{}));
  const bool softmax = is_forward("softmax", skipmax::softmax_attention{}.with(skipmax::causal{}));
  return relu && softmax ? 0 : 1;
}
