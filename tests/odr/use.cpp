// One use of the library. NAME tells the two builds of this file apart; all else that they define
// must carry the instruction set in its name, or leave no symbol.
#include "use.hpp"
#include "skipmax/attention.hpp"

void NAME(view q, view k, view v, out_view relu, out_view softmax) {
  skipmax::relu_attention{}.forward(q, k, v, relu);
  skipmax::softmax_attention{}.forward(q, k, v, softmax);
}
