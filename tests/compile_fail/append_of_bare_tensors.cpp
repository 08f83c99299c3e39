// fails: skipmax: kv_cache: append takes tensor_views: wrap k and v, as in as_blhd\(k\)
#include "skipmax/skipmax.hpp"

void use(Eigen::Tensor<float, 4, Eigen::RowMajor>& t) {
  skipmax::kv_cache<float> cache(1, 1, 8, 4);
  cache.append(t, t);
}
