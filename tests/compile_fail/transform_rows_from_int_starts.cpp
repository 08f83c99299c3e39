// fails: skipmax: transform_rows: what follows out is neither starts nor an executor
#include "skipmax/transform_rows.hpp"

#include "skipmax/attention.hpp"
#include "skipmax/execution/thread_pool.hpp"

void use(skipmax::tensor_view<float> x, const int* starts, const skipmax::thread_pool& pool) {
  skipmax::transform_rows(skipmax::rms_norm<float>{}, x, x, starts, pool);
}
