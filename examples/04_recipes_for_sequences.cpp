// Point-wise attentions over sequences: ReLA, Mega, HSTU. Each `auto attention` can be copied as
// it stands. Each is compared with plain loops, to 1e-5 of the largest output.
#include <vector>

#include "recipes/plain.hpp"

using skipmax::as_blhd;
using skipmax::head_vector;

// Zhang et al. 2021, arXiv 2104.07012: relu(s) without a divisor, s = <q, k> / sqrt(d); then an RMS
// norm over all heads together, in a separate pass over [batch, length, 1, heads * dim].
bool rela() {
  const int batch = 2, length = 150, heads = 4, dim = 32;
  const auto x = plain::make_inputs(batch, length, heads, heads, dim, dim);
  const plain::numbers gamma = plain::normal(heads * dim, 1, 5);

  auto attention =
      skipmax::attention<skipmax::relu, skipmax::unnormalized>{}.with(skipmax::causal{});
  plain::tensor out = run(attention, x);
  const auto rows = skipmax::blhd(out.data(), batch, length, 1, heads * dim);
  skipmax::transform_rows(skipmax::rms_norm{head_vector{gamma.data(), heads * dim}, 1e-6}, rows,
                          rows);

  const auto wanted = plain::attend(x, [](auto, auto i, auto, plain::weights& w) {
    for (int j = 0; j < length; ++j) w[j] = j <= i ? plain::relu(w[j] / std::sqrt(dim)) : 0;
  });
  return plain::report("ReLA, causal", out, plain::rms_norm(wanted, gamma));
}

double laplace(double s) {
  const double pi = std::acos(-1);
  return (1 + std::erf((s - std::sqrt(0.5)) / std::sqrt(1 / (2 * pi)))) / 2;
}

// q / L. Under a causal mask the row at key i sees L = i + 1 keys.
struct over_visible_keys {
  template <class Isa, class T>
  SKIPMAX_INLINE void forward(skipmax::row_place first, skipmax::row_matrix<const T> from,
                              skipmax::row_matrix<T> to, skipmax::index rows,
                              skipmax::index dim) const {
    for (skipmax::index r = 0; r < rows; ++r) {
      const T length = static_cast<T>(first.own_key + r + 1);
      for (skipmax::index x = 0; x < dim; ++x)
        to.data[r * to.stride + x] = from.data[r * from.stride + x] / length;
    }
  }
};

// Ma et al. 2022, arXiv 2209.10655: laplace(<q, k> / L + b), one head, causal. L, the number of
// keys that the row sees, is inside laplace, as in the authors' code, and does not divide b: so q
// is divided by it.
bool mega() {
  const int length = 150, dim = 64;
  const auto x = plain::make_inputs(2, length, 1, 1, dim, 2 * dim);
  const plain::numbers bias = plain::normal(length, 0, 5);  // of j - i from 1 - length to 0

  auto attention = skipmax::attention<skipmax::laplace, skipmax::unnormalized>{}
                       .with(skipmax::causal{})
                       .with(skipmax::scale{1})
                       .with(skipmax::on_q{over_visible_keys{}})
                       .with(skipmax::relative_bias{bias.data(), 1, 1 - length, length});

  const auto wanted = plain::attend(x, [&](auto, auto i, auto, plain::weights& w) {
    for (int j = 0; j < length; ++j)
      w[j] = j <= i ? laplace(w[j] / (1.0 + i) + bias[j - i + length - 1]) : 0;
  });
  return plain::report("Mega, laplace(<q, k> / L + b), causal", run(attention, x), wanted);
}

// laplace instead of relu in arXiv 2309.08586: laplace(s) / L, s = <q, k> / sqrt(d).
bool laplace_by_length() {
  const int length = 150, dim = 64;
  const auto x = plain::make_inputs(2, length, 1, 1, dim, 2 * dim);

  auto attention =
      skipmax::attention<skipmax::laplace, skipmax::by_length<>>{}.with(skipmax::causal{});

  const auto wanted = plain::attend(x, [](auto, auto i, auto, plain::weights& w) {
    for (int j = 0; j < length; ++j) w[j] = j <= i ? laplace(w[j] / std::sqrt(dim)) / (1.0 + i) : 0;
  });
  return plain::report("laplace / L, causal", run(attention, x), wanted);
}

// Sequences of 3, 60, 0, 1 and 86 rows, one after the other in a batch of one.
const std::vector<skipmax::index> offsets = {0, 3, 63, 63, 64, 150};

// silu(<q, k> + b) / N for the keys of a row's own sequence up to its own position.
plain::exact hstu_sums(const plain::inputs& x, const plain::numbers& bias, double n) {
  return plain::attend(x, [&](auto, auto i, auto, plain::weights& w) {
    const auto next = std::upper_bound(offsets.begin(), offsets.end(), i);
    for (skipmax::index j = 0; j < w.size(); ++j)
      w[j] = j >= next[-1] && j <= i ? plain::silu(w[j] + bias[j - i + bias.size() - 1]) / n : 0;
  });
}

plain::exact times(plain::exact out, const plain::tensor& u) {
  for (skipmax::index n = 0; n < out.size(); ++n) out.data()[n] *= u.data()[n];
  return out;
}

// Zhai et al. 2024, arXiv 2402.17152: norm(silu(<q, k> + b) / N v) * u. N is the same number in
// training and serving, the mask comes after silu, the bias depends on the difference of positions,
// keys and values differ in width, and u has already been through a silu. The authors' code has
// this norm, over each head, as an option, and <q, k> / sqrt(d): leave out scale{1} for it.
bool hstu_norm_of_heads() {
  const int length = 150, heads = 4, dim = 24, value_dim = 40, longest = 200;
  const auto x = plain::make_inputs(1, length, heads, heads, dim, value_dim);
  const plain::numbers bias = plain::normal(longest, 0, 5);  // of j - i from 1 - longest to 0

  auto attention = skipmax::attention<skipmax::silu, skipmax::by_length<>>{}
                       .with(skipmax::by_length{skipmax::fixed_number{longest}})
                       .with(skipmax::scale{1})
                       .with(skipmax::relative_bias{bias.data(), 1, 1 - longest, longest})
                       .with(skipmax::causal{})
                       .with(skipmax::segments{offsets.data(), std::ssize(offsets) - 1})
                       .with(skipmax::on_out{skipmax::layer_norm<float>{}})
                       .with(skipmax::gate{as_blhd(x.u)});

  const plain::numbers ones = plain::numbers::Ones(value_dim);
  const auto wanted = plain::layer_norm(hstu_sums(x, bias, longest), ones);
  return plain::report("HSTU, ragged, norm of each head", run(attention, x), times(wanted, x.u));
}

// The same with the paper's norm, over all heads together: norm and gate are separate passes.
bool hstu() {
  const int length = 150, heads = 4, dim = 24, value_dim = 40, longest = 200;
  const auto x = plain::make_inputs(1, length, heads, heads, dim, value_dim);
  const plain::numbers bias = plain::normal(longest, 0, 5);

  auto attention = skipmax::attention<skipmax::silu, skipmax::by_length<>>{}
                       .with(skipmax::by_length{skipmax::fixed_number{longest}})
                       .with(skipmax::scale{1})
                       .with(skipmax::relative_bias{bias.data(), 1, 1 - longest, longest})
                       .with(skipmax::causal{})
                       .with(skipmax::segments{offsets.data(), std::ssize(offsets) - 1});
  plain::tensor out = run(attention, x);
  const auto rows = skipmax::blhd(out.data(), 1, length, 1, heads * value_dim);
  const auto u = skipmax::blhd(x.u.data(), 1, length, 1, heads * value_dim);
  skipmax::transform_rows(skipmax::layer_norm<float>{}, rows, rows);
  skipmax::transform_rows(skipmax::gate{u}, rows, rows);

  const plain::numbers ones = plain::numbers::Ones(heads * value_dim);
  const auto wanted = plain::layer_norm(hstu_sums(x, bias, longest), ones);
  return plain::report("HSTU, ragged", out, times(wanted, x.u));
}

int main() {
  bool ok = rela();
  ok &= mega();
  ok &= laplace_by_length();
  ok &= hstu();
  ok &= hstu_norm_of_heads();
  return ok ? 0 : 1;
}
