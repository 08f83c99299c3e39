// Pointers to Eigen's 16-bit types cast to ours: the same bits, without Eigen in the core.
#pragma once

#include <Eigen/Core>

#include "skipmax/half.hpp"

namespace skipmax {
inline namespace v0 {
namespace detail {

static_assert(sizeof(Eigen::bfloat16) == sizeof(bf16) && sizeof(Eigen::half) == sizeof(f16));

template <class T>
SKIPMAX_INLINE T* elements(T* data) {
  return data;
}
SKIPMAX_INLINE bf16* elements(Eigen::bfloat16* data) {
  return reinterpret_cast<bf16*>(data);
}
SKIPMAX_INLINE const bf16* elements(const Eigen::bfloat16* data) {
  return reinterpret_cast<const bf16*>(data);
}
SKIPMAX_INLINE f16* elements(Eigen::half* data) {
  return reinterpret_cast<f16*>(data);
}
SKIPMAX_INLINE const f16* elements(const Eigen::half* data) {
  return reinterpret_cast<const f16*>(data);
}

}  // namespace detail
}  // namespace v0
}  // namespace skipmax
