// fails: skipmax: the bias slot holds no score bias: give it template <class V> V bias\(row_position, index\)
#include "skipmax/attention.hpp"

struct no_number {};

using made = skipmax::attention<skipmax::relu, skipmax::by_length<>, skipmax::no_mask,
                                skipmax::no_cap, no_number>;

void use(skipmax::tensor_view<const float> q, skipmax::tensor_view<float> out) {
  made{}.forward(q, q, q, out);
}
