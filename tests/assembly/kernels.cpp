#include "skipmax/attention.hpp"

template <class T>
void use(skipmax::tensor_view<const T> q, skipmax::tensor_view<const T> k,
         skipmax::tensor_view<const T> v, skipmax::tensor_view<T> out) {
  skipmax::relu_attention{}.forward(q, k, v, out);
  skipmax::softmax_attention{}.with(skipmax::causal{}).forward(q, k, v, out);
}

template void use(skipmax::tensor_view<const float>, skipmax::tensor_view<const float>,
                  skipmax::tensor_view<const float>, skipmax::tensor_view<float>);
template void use(skipmax::tensor_view<const double>, skipmax::tensor_view<const double>,
                  skipmax::tensor_view<const double>, skipmax::tensor_view<double>);
