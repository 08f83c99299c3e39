// fails: skipmax: with\(slot\): no slot takes this type: .* or a row transform in on_q, on_k or on_out
#include "skipmax/attention.hpp"

auto made = skipmax::relu_attention{}.with(skipmax::layer_norm<float>{});
