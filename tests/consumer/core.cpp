// The library without Eigen: two keys, one query, numbers that can be checked by hand.
#include <cstdio>

#include "skipmax/attention.hpp"
#include "skipmax/execution/thread_pool.hpp"
#include "skipmax/version.hpp"

int main() {
  const float q[] = {1, 0, 0, 0};
  const float k[] = {4, 0, 0, 0, -4, 0, 0, 0};  // scores 4 / sqrt(4) = 2 and -2
  const float v[] = {3, 5, 100, 100};
  float out[2] = {};

  using skipmax::ld;
  skipmax::thread_pool pool(2);
  skipmax::relu_attention{}.forward(ld(q, 1, 4), ld(k, 2, 4), ld(v, 2, 2), ld(out, 1, 2), pool);

  std::printf("relu(2) / 2 * (3, 5) = (%g, %g), wanted (3, 5)\n", static_cast<double>(out[0]),
              static_cast<double>(out[1]));
  return out[0] == 3 && out[1] == 5 ? 0 : 1;
}
