// Biases: a dense one over the long sequence, and HSTU's attention (Zhai et al. 2024, arXiv
// 2402.17152) with silu, a fixed divisor, a relative bias, and a norm and a gate on the output.
#include "functors.hpp"
#include "runner.hpp"

namespace bench {

namespace {

// At least `count` numbers of N(0, 1), made when first asked for.
const float* numbers(index count) {
  static array<float> made(0);
  if (made.bytes() < count * static_cast<index>(sizeof(float))) {
    made = array<float>(count);
    fill_normal(skipmax::ld(made.get(), 1, count), 6);
  }
  return made.get();
}

}  // namespace

void add_biased_functors(const options& o) {
  using x_t = const operands<float>&;
  std::vector<workload> long_ones;
  for (const workload& w : o.workloads)
    if (w.name == "long_4k") long_ones.push_back(w);
  const auto biased = [](const auto& attention) {
    return [=](x_t x) {
      const index n = x.q.length, m = x.k.length;
      return attention.with(skipmax::dense_bias{numbers(n * m), 1, 1, n, m});
    };
  };
  add_dressed<float>(o.over(long_ones), "relu_dense_bias", biased(skipmax::relu_attention{}));
  add_dressed<float>(o.over(long_ones), "softmax_dense_bias", biased(skipmax::softmax_attention{}));
  add_dressed<float>(o.over_if_standard({hstu_workload()}), "hstu", [](x_t x) {
    const index n = x.q.length, m = x.k.length, differences = n + m - 1;
    return skipmax::attention<skipmax::silu, skipmax::by_length<skipmax::fixed_number>>{
        {}, {1, {static_cast<double>(m)}}}
        .with(
            skipmax::relative_bias{numbers(x.q.heads * differences), x.q.heads, 1 - m, differences})
        .with(skipmax::on_out{skipmax::layer_norm{x.weight}})
        .with(skipmax::gate{x.gate});
  });
}

}  // namespace bench
