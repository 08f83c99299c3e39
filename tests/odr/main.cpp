// Runs both builds of use.cpp and holds each against the formula.
#include <cmath>
#include <cstdio>
#include <vector>

#include "use.hpp"

namespace {

constexpr int queries = 19, keys = 70, dim = 24;

std::vector<float> numbers(int rows, float step) {
  std::vector<float> x(static_cast<std::size_t>(rows * dim));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(step * static_cast<float>(i + 1));
  return x;
}

using row_of_numbers = std::vector<double>;

row_of_numbers row_of(const std::vector<float>& x, int n) {
  return {x.data() + n * dim, x.data() + (n + 1) * dim};
}

double mean(const row_of_numbers& x) {
  double sum = 0;
  for (double number : x) sum += number;
  return sum / static_cast<double>(x.size());
}

double mean_square(row_of_numbers x) {
  for (double& number : x) number *= number;
  return mean(x);
}

row_of_numbers layer_norm(row_of_numbers x, const float* weight, const float* shift) {
  const double center = mean(x);
  for (double& number : x) number -= center;
  const double deviation = std::sqrt(mean_square(x) + 1e-6);
  for (std::size_t n = 0; n < x.size(); ++n)
    x[n] = x[n] / deviation * double{weight[n]} + (shift ? double{shift[n]} : 0);
  return x;
}

// One query row: out = sum_j weight_j v_j / divisor, the weights given by the scores; the divisor
// is their sum, or the number of keys that are not left out.
template <class Norm, class Weight>
row_of_numbers attend(const std::vector<float>& q, const std::vector<float>& k,
                      const std::vector<float>& v, int i, int first, int last, const Norm& norm,
                      const Weight& weight, bool by_sum) {
  row_of_numbers out(dim);
  const row_of_numbers q_row = norm(row_of(q, i));
  double divisor = 0;
  for (int j = first; j < last; ++j) {
    const row_of_numbers k_row = norm(row_of(k, j)), v_row = row_of(v, j);
    double s = 0;
    for (std::size_t x = 0; x < dim; ++x) s += q_row[x] * k_row[x];
    const double w = weight(s / std::sqrt(dim), j);
    if (w < 0) continue;  // left out
    divisor += by_sum ? w : 1;
    for (std::size_t x = 0; x < dim; ++x) out[x] += w * v_row[x];
  }
  for (double& number : out) number = divisor > 0 ? number / divisor : 0;
  return out;
}

int mistakes = 0;

void compare(const char* what, int i, const std::vector<float>& all, const row_of_numbers& wanted) {
  const row_of_numbers found = row_of(all, i);
  for (std::size_t x = 0; x < dim; ++x) {
    if (std::abs(found[x] - wanted[x]) <= 1e-5) continue;  // also counts NaN
    if (++mistakes < 10)
      std::printf("%s: row %d, column %d: found %g, wanted %g\n", what, i, static_cast<int>(x),
                  found[x], wanted[x]);
  }
}

}  // namespace

int main() {
  const std::vector<float> q = numbers(queries, 0.37f), k = numbers(keys, 0.71f),
                           v = numbers(keys, 1.3f), g = numbers(queries, 0.53f),
                           learned = numbers(2, 0.9f);
  std::vector<float> bias(queries * keys);
  std::vector<std::uint8_t> shown(bias.size());
  for (std::size_t n = 0; n < bias.size(); ++n) {
    bias[n] = std::cos(static_cast<float>(n));
    shown[n] = n % 3 != 0 && n / keys != 4;  // row 4 sees nothing
  }
  const skipmax::index offsets[] = {0, 7, queries}, key_offsets[] = {0, 30, keys};
  const float *weight = learned.data(), *shift = weight + dim;
  const dressing with{bias.data(), shown.data(), weight, shift, skipmax::ld(g.data(), queries, dim),
                      offsets,     key_offsets};

  for (const auto use : {use_v2, use_native}) {
    std::vector<float> relu(q.size(), -1), softmax(q.size(), -1), dressed(q.size(), -1);
    std::vector<float> decoded(q.size(), -1), merged(q.size(), -1);
    const auto out = [](std::vector<float>& x) { return skipmax::ld(x.data(), queries, dim); };
    use(skipmax::ld(q.data(), queries, dim), skipmax::ld(k.data(), keys, dim),
        skipmax::ld(v.data(), keys, dim), with,
        {out(relu), out(softmax), out(dressed), out(decoded), out(merged)});
    for (int i = 0; i < queries; ++i) {
      const auto same = [](const row_of_numbers& row) { return row; };
      const auto relu_weight = [](double s, int) { return s > 0 ? s : 0; };
      compare("relu", i, relu, attend(q, k, v, i, 0, keys, same, relu_weight, false));

      const int seen = keys - queries + i + 1;
      compare("decode", i, decoded, attend(q, k, v, i, 0, seen, same, relu_weight, false));

      const auto softmax_weight = [](double s, int) { return std::exp(s); };
      compare("merged", i, merged, attend(q, k, v, i, 0, keys, same, softmax_weight, true));
      compare("softmax", i, softmax,
              attend(q, k, v, i, i < 7 ? 0 : 30, i < 7 ? 30 : keys, same, softmax_weight, true));

      const auto norm = [&](const row_of_numbers& row) { return layer_norm(row, weight, nullptr); };
      const auto dressed_weight = [&](double s, int j) {
        const auto pair = static_cast<std::size_t>(i * keys + j);
        const double biased = s + double{bias[pair]};
        return !shown[pair] ? -1 : biased > 0 ? biased : 0;
      };
      row_of_numbers wanted = attend(q, k, v, i, 0, keys, norm, dressed_weight, false);
      wanted = i == 4 ? wanted : layer_norm(wanted, weight, shift);
      for (std::size_t x = 0; x < dim; ++x) {
        const double opening = row_of(g, i)[x];
        wanted[x] *= opening / (1 + std::exp(-opening));
      }
      const double root = std::sqrt(mean_square(wanted) + 1e-6);
      for (double& number : wanted) number /= root;
      compare("dressed", i, dressed, wanted);
    }
  }
  std::printf("%d mistakes\n", mistakes);
  return mistakes != 0;
}
