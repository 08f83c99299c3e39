// Every functor over every workload, plain Eigen beside them, and other libraries if asked for.
// `bench_forward --help` has the rest.
#include "functors.hpp"
#include "peers/peers.hpp"
#include "runner.hpp"

int main(int argc, char** argv) {
  return bench::run_all(argc, argv, [](const bench::options& o) {
    for (auto add :
         {bench::add_softmax, bench::add_softmax_halves, bench::add_relu, bench::add_relu_halves,
          bench::add_squared_relu, bench::add_relu6, bench::add_gelu, bench::add_gelu_erf,
          bench::add_softplus, bench::add_identity, bench::add_sigmoid, bench::add_silu,
          bench::add_laplace, bench::add_dressed_functors, bench::add_biased_functors,
          bench::add_skipping_functors, bench::add_eigen, bench::add_peers})
      add(o);
  });
}
