// The two builds of use.cpp.
#pragma once

#include "skipmax/tensor_view.hpp"

using view = skipmax::tensor_view<const float>;
using out_view = skipmax::tensor_view<float>;

void use_v2(view q, view k, view v, out_view relu, out_view softmax);
void use_native(view q, view k, view v, out_view relu, out_view softmax);
