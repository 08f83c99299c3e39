// Softmax attention and ReLU attention over Eigen tensors.
//
//   softmax   out_i = sum_j exp(s_ij) / sum_k exp(s_ik) v_j      s_ij = <q_i, k_j> / sqrt(d)
//   relu      out_i = sum_j max(s_ij, 0) / L v_j
//
// Both are compared with the library's own definition in double.
#include <algorithm>
#include <cstdio>
#include <random>
#include <skipmax/reference/forward.hpp>
#include <skipmax/skipmax.hpp>

using tensor = Eigen::Tensor<float, 4, Eigen::RowMajor>;  // [batch, length, heads, dim]
using skipmax::as_blhd;

// Runs one attention, prints its output and returns the largest difference from the definition.
template <class Attention>
double run(const char* name, const Attention& attention, const tensor& q, const tensor& k,
           const tensor& v) {
  tensor out(q.dimensions());
  attention.forward(as_blhd(q), as_blhd(k), as_blhd(v), as_blhd(out));

  Eigen::Tensor<double, 4, Eigen::RowMajor> wanted(q.dimensions());
  skipmax::reference::forward(attention, as_blhd(q), as_blhd(k), as_blhd(v), as_blhd(wanted));
  const Eigen::Tensor<double, 0, Eigen::RowMajor> error =
      (out.cast<double>() - wanted).abs().maximum<Eigen::PropagateNaN>();
  std::printf("%-8s out[0, 0, 0, :] begins with %7.4f %7.4f %7.4f; largest error %.1e\n", name,
              out(0, 0, 0, 0), out(0, 0, 0, 1), out(0, 0, 0, 2), error());
  return error();
}

int main() {
  tensor q(2, 196, 6, 64), k(2, 196, 6, 64), v(2, 196, 6, 64);  // as in a small vision transformer
  std::mt19937 bits(1);
  std::normal_distribution<float> normal;
  for (tensor* t : {&q, &k, &v})
    std::generate_n(t->data(), t->size(), [&] { return normal(bits); });

  const double softmax = run("softmax", skipmax::softmax_attention{}, q, k, v);
  const double relu = run("relu", skipmax::relu_attention{}, q, k, v);
  return softmax < 1e-5 && relu < 1e-5 ? 0 : 1;  // a NaN is not below anything
}
