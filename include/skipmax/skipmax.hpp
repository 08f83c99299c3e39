// All of skipmax, including views of Eigen's tensors and matrices. Programs without Eigen include
// skipmax/attention.hpp instead, and whatever else they need.
#pragma once

#if !__has_include(<Eigen/Core>)
#error \
    "skipmax: no Eigen was found: link skipmax::eigen, or include skipmax/attention.hpp, which needs none."
#endif

#include "skipmax/attention.hpp"
#include "skipmax/eigen/matrix.hpp"
#include "skipmax/eigen/tensor.hpp"
#include "skipmax/eigen/thread_pool.hpp"
#include "skipmax/execution/thread_pool.hpp"
#include "skipmax/kv_cache.hpp"
#include "skipmax/slice.hpp"
#include "skipmax/transform_rows.hpp"
#include "skipmax/version.hpp"
#if defined(_OPENMP)
#include "skipmax/execution/openmp.hpp"
#endif
