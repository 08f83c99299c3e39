// What the units of other libraries have in common: runs named like the others, over the same
// workloads, that are measured only if their output is right.
#pragma once

#include "runner.hpp"

namespace bench {

enum class weighing { relu, softmax };

// The output of plain Eigen in float, made when first asked for.
tensor_view<const float> plain_output(const workload&, weighing);

// What is wrong with a peer's output: the largest difference from plain Eigen, if it is more than
// the number format explains. v is N(0, 1), so a mean of n of its rows is about 1 / sqrt(n) in
// size, which is the unit. With bf16, inputs, scores, weights and output are rounded; a rounded
// score changes its weight, and softmax has large weights.
template <class T>
std::string difference(const workload& w, tensor_view<T> found, weighing weigh) {
  constexpr double allowed = sizeof(T) == 4 ? 0x1p-13 : 0x1p-2;
  const tensor_view<const float> wanted = plain_output(w, weigh);
  double largest = 0;
  for (index b = 0; b < wanted.batch; ++b)
    for (index h = 0; h < wanted.heads; ++h)
      for (index l = 0; l < wanted.length; ++l) {
        const index keys = w.causal ? w.key_length - w.query_length + l + 1 : w.key_length;
        const double unit = 1 / std::sqrt(static_cast<double>(keys));
        for (index i = 0; i < wanted.dim; ++i) {
          const double apart = static_cast<double>(found.row(b, l, h)[i]) -
                               static_cast<double>(wanted.row(b, l, h)[i]);
          largest = std::max(largest, std::isnan(apart) ? HUGE_VAL : std::abs(apart) / unit);
        }
      }
  if (largest <= allowed) return "";
  return "differs from plain Eigen by up to " + std::to_string(largest) + " / sqrt(keys)";
}

// make(workload, weighing) returns the call.
template <class T, class Make>
void add_peer(const options& o, const std::string& peer, const Make& make) {
  for (const weighing weigh : {weighing::softmax, weighing::relu}) {
    const std::string functor = peer + (weigh == weighing::relu ? "_relu" : "_softmax");
    const auto check = [=](const workload& w, const operands<T>& x) {
      return difference(w, x.out, weigh);
    };
    for (const options& over : {o, o.over_sweep()})
      add_runs<T>(
          over, functor, [=](const workload& w) { return make(w, weigh); }, check);
  }
}

}  // namespace bench
