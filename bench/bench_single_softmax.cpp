// The runs of bench_forward for softmax alone: compilers treat a kernel differently when it is the
// only one in its translation unit, so the two programs are compared.
#include "runner.hpp"

int main(int argc, char** argv) {
  return bench::run_all(argc, argv, [](const bench::options& o) {
    bench::add_functor<float>(o, "softmax", skipmax::softmax_attention{});
    bench::add_functor<float>(o.over_sweep(), "softmax", skipmax::softmax_attention{});
  });
}
