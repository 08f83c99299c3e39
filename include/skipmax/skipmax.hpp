// All of skipmax, with its views of Eigen's tensors and matrices. Programs without Eigen include
// skipmax/attention.hpp instead, and what else they need.
#pragma once

#include "skipmax/attention.hpp"
#include "skipmax/eigen/matrix.hpp"
#include "skipmax/eigen/tensor.hpp"
#include "skipmax/eigen/thread_pool.hpp"
#include "skipmax/execution/thread_pool.hpp"
#include "skipmax/kv_cache.hpp"
#include "skipmax/transform_rows.hpp"
#include "skipmax/version.hpp"
#if defined(_OPENMP)
#include "skipmax/execution/openmp.hpp"
#endif
