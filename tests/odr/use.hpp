// The two builds of use.cpp.
#pragma once

#include "skipmax/tensor_view.hpp"

using view = skipmax::tensor_view<const float>;
using out_view = skipmax::tensor_view<float>;

// What the dressed call wears.
struct dressing {
  const float* bias;              // [queries, keys]
  const std::uint8_t* shown;      // [queries, keys]
  const float *weight, *shift;    // [dim]
  view gate;                      // [queries, dim]
  const skipmax::index* offsets;  // of two sequences
  const skipmax::index* key_offsets;
};

struct results {
  out_view relu, softmax_of_two, dressed;
  out_view decoded, merged;  // relu by decode, softmax from two parts
};

void use_v2(view q, view k, view v, const dressing& with, const results& out);
void use_native(view q, view k, view v, const dressing& with, const results& out);
