// The functors of bench_forward, each in a translation unit of its own under forward/, so that none
// takes long to compile. eigen adds eigen_softmax and eigen_relu.
#pragma once

#include "options.hpp"

namespace bench {

void add_softmax(const options&);
void add_softmax_halves(const options&);
void add_relu(const options&);
void add_relu_halves(const options&);
void add_squared_relu(const options&);
void add_relu6(const options&);
void add_gelu(const options&);
void add_gelu_erf(const options&);
void add_softplus(const options&);
void add_identity(const options&);
void add_sigmoid(const options&);
void add_silu(const options&);
void add_laplace(const options&);
void add_dressed_functors(const options&);
void add_biased_functors(const options&);
void add_skipping_functors(const options&);
void add_eigen(const options&);

}  // namespace bench
