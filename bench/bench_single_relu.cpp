// The runs of bench_forward for relu alone: compilers treat a kernel differently when it is the
// only one in its translation unit, so the two programs are compared.
#include "runner.hpp"

int main(int argc, char** argv) {
  return bench::run_all(argc, argv, [](const bench::options& o) {
    bench::add_functor<float>(o, "relu", skipmax::relu_attention{});
    bench::add_functor<float>(o.over_sweep(), "relu", skipmax::relu_attention{});
  });
}
