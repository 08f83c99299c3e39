// fails: skipmax: with\(slot\): no slot takes this type: wanted a score function \(template
#include "skipmax/attention.hpp"

struct no_slot {};

auto made = skipmax::relu_attention{}.with(no_slot{});
