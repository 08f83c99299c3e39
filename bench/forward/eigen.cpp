#include "functors.hpp"
#include "plain_eigen.hpp"

namespace bench {
namespace {

template <class T, class Weigh>
void add_plain(const options& o, const char* name, Weigh weigh) {
  add_runs<T>(o, name, [=](const workload& w) { return plain_forward<T>(w.causal, weigh); });
}

}  // namespace

void add_eigen(const options& o) {
  add_plain<float>(o, "eigen_softmax", plain_softmax{});
  add_plain<float>(o, "eigen_relu", plain_relu{});
  add_plain<double>(o, "eigen_softmax", plain_softmax{});
  add_plain<double>(o, "eigen_relu", plain_relu{});
  add_plain<float>(o.over_sweep(), "eigen_softmax", plain_softmax{});
  add_plain<float>(o.over_sweep(), "eigen_relu", plain_relu{});
}

}  // namespace bench
