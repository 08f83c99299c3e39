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

// One query row: out = sum_j weight_j v_j / sum, the weights given by the scores.
template <class Weight>
std::vector<double> row(const float* q, const float* k, const float* v, Weight weight,
                        double* sum) {
  std::vector<double> out(dim);
  *sum = 0;
  for (int j = 0; j < keys; ++j) {
    double s = 0;
    for (int x = 0; x < dim; ++x) s += double{q[x]} * double{k[j * dim + x]};
    const double w = weight(s / std::sqrt(dim));
    *sum += w;
    for (int x = 0; x < dim; ++x) out[static_cast<std::size_t>(x)] += w * double{v[j * dim + x]};
  }
  return out;
}

int mistakes = 0;

void compare(const char* what, int i, const float* found, const std::vector<double>& wanted,
             double divisor) {
  for (int x = 0; x < dim; ++x) {
    const double w = wanted[static_cast<std::size_t>(x)] / divisor;
    if (std::abs(double{found[x]} - w) <= 1e-5) continue;  // also counts NaN
    if (++mistakes < 10)
      std::printf("%s: row %d, column %d: found %g, wanted %g\n", what, i, x, double{found[x]}, w);
  }
}

}  // namespace

int main() {
  const std::vector<float> q = numbers(queries, 0.37f), k = numbers(keys, 0.71f),
                           v = numbers(keys, 1.3f);
  const auto relu_weight = [](double s) { return s > 0 ? s : 0; };
  const auto softmax_weight = [](double s) { return std::exp(s); };

  for (const auto use : {use_v2, use_native}) {
    std::vector<float> relu(q.size(), -1), softmax(q.size(), -1);
    use(skipmax::ld(q.data(), queries, dim), skipmax::ld(k.data(), keys, dim),
        skipmax::ld(v.data(), keys, dim), skipmax::ld(relu.data(), queries, dim),
        skipmax::ld(softmax.data(), queries, dim));
    for (int i = 0; i < queries; ++i) {
      double sum;
      const float* q_row = q.data() + i * dim;
      compare("relu", i, relu.data() + i * dim, row(q_row, k.data(), v.data(), relu_weight, &sum),
              keys);
      const std::vector<double> wanted = row(q_row, k.data(), v.data(), softmax_weight, &sum);
      compare("softmax", i, softmax.data() + i * dim, wanted, sum);
    }
  }
  std::printf("%d mistakes\n", mistakes);
  return mistakes != 0;
}
