// fails: skipmax: with\(slot\): no slot takes this type: wanted a score function \(template
#include "skipmax/attention.hpp"

auto made = skipmax::relu_attention{}.with(0.5);  // a scale says so: scale{0.5}
