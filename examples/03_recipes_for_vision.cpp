// Attentions of vision transformers: relu / L with qk-layernorm, the gated attention unit, sigmoid
// attention. Each `auto attention` can be copied as it stands. Each is compared with plain loops,
// to 1e-5 of the largest output.
#include "recipes/plain.hpp"

using skipmax::as_blhd;
using skipmax::head_vector;

constexpr int length = 196, heads = 2, dim = 64;

// Wortsman et al. 2023, arXiv 2309.08586: relu(s) / L, s = <q, k> / sqrt(d). The norm is over the
// dim of a head, with a scale that all heads share, no bias, eps 1e-6.
bool relu_with_qk_layernorm() {
  const auto x = plain::make_inputs(2, length, heads, heads, dim, dim);
  const plain::numbers q_gamma = plain::normal(dim, 1, 5), k_gamma = plain::normal(dim, 1, 6);

  auto attention = skipmax::relu_attention{}.with(
      skipmax::qk_layernorm{head_vector{q_gamma.data(), dim}, head_vector{k_gamma.data(), dim}});

  const auto wanted =
      plain::attend(plain::layer_norm(x.q.cast<double>(), q_gamma),
                    plain::layer_norm(x.k.cast<double>(), k_gamma), x.v,
                    plain::each([](double s) { return plain::relu(s / std::sqrt(dim)) / length; }));
  return plain::report("relu / L, qk-layernorm", run(attention, x), wanted);
}

plain::exact times_silu(plain::exact out, const plain::tensor& u) {
  for (Eigen::Index n = 0; n < out.size(); ++n) out.data()[n] *= plain::silu(u.data()[n]);
  return out;
}

// Hua et al. 2022, arXiv 2202.10447: relu(<q, k> / L)^2, one head, times silu(u), where u is a
// projection of the block's input. L is inside the square, so its power is 2; there is no 1 /
// sqrt(d).
bool gated_attention_unit() {
  const auto x = plain::make_inputs(2, length, 1, 1, dim, 2 * dim);

  auto attention = skipmax::squared_relu_attention{}
                       .with(skipmax::by_length{2})
                       .with(skipmax::scale{1})
                       .with(skipmax::gate{as_blhd(x.u), skipmax::silu{}});

  const auto wanted =
      plain::attend(x, plain::each([](double s) { return std::pow(plain::relu(s / length), 2); }));
  return plain::report("GAU, relu(<q, k> / L)^2, gate", run(attention, x), times_silu(wanted, x.u));
}

// With a bias, relu(<q, k> / L + b)^2: b is not divided by L, so 1 / L moves into the scale. The
// scale is one number for all rows, which is right if nothing is masked.
bool gated_attention_unit_with_bias() {
  const auto x = plain::make_inputs(2, length, 1, 1, dim, 2 * dim);
  const int differences = 2 * length - 1;  // j - i from 1 - length on
  const plain::numbers bias = plain::normal(differences, 0, 5);

  auto attention = skipmax::attention<skipmax::squared_relu, skipmax::unnormalized>{}
                       .with(skipmax::scale{1.0 / length})
                       .with(skipmax::relative_bias{bias.data(), 1, 1 - length, differences})
                       .with(skipmax::gate{as_blhd(x.u), skipmax::silu{}});

  const auto wanted = plain::attend(x, [&](auto, auto i, auto, plain::weights& w) {
    for (int j = 0; j < length; ++j)
      w[j] = std::pow(plain::relu(w[j] / length + bias[j - i + length - 1]), 2);
  });
  return plain::report("GAU, relative bias", run(attention, x), times_silu(wanted, x.u));
}

// The alternative of arXiv 2309.08586, with a gate: relu(s)^2 / L, s = <q, k> / sqrt(d).
bool squared_relu_with_gate() {
  const auto x = plain::make_inputs(2, length, heads, heads, dim, dim);

  auto attention =
      skipmax::squared_relu_attention{}.with(skipmax::gate{as_blhd(x.u), skipmax::silu{}});

  const auto wanted = plain::attend(x, plain::each([](double s) {
                                      return std::pow(plain::relu(s / std::sqrt(dim)), 2) / length;
                                    }));
  return plain::report("relu^2 / L, gate", run(attention, x), times_silu(wanted, x.u));
}

// Ramapuram et al. 2024, arXiv 2409.04431: sigmoid(s + b) with b = -log L, here with an RMS norm of
// q and k over the dim of a head.
bool sigmoid_with_qk_rmsnorm() {
  const auto x = plain::make_inputs(2, length, heads, heads, dim, dim);
  const plain::numbers q_gamma = plain::normal(dim, 1, 5), k_gamma = plain::normal(dim, 1, 6);

  auto attention = skipmax::sigmoid_attention{}.with(
      skipmax::qk_rmsnorm{head_vector{q_gamma.data(), dim}, head_vector{k_gamma.data(), dim}});

  const auto wanted = plain::attend(
      plain::rms_norm(x.q.cast<double>(), q_gamma), plain::rms_norm(x.k.cast<double>(), k_gamma),
      x.v,
      plain::each([](double s) { return plain::sigmoid(s / std::sqrt(dim) - std::log(length)); }));
  return plain::report("sigmoid(s - log L), qk-rmsnorm", run(attention, x), wanted);
}

int main() {
  bool ok = relu_with_qk_layernorm();
  ok &= gated_attention_unit();
  ok &= gated_attention_unit_with_bias();
  ok &= squared_relu_with_gate();
  ok &= sigmoid_with_qk_rmsnorm();
  return ok ? 0 : 1;
}
