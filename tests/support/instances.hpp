// The attentions that most tests call, compiled once for all of them.
#pragma once

#include "skipmax/attention.hpp"
#include "support/check.hpp"

// Both macros declare if kind is `extern`, and define if it is empty.
#define SKIPMAX_INSTANCE_OF_CALL(kind, T, ...)                                               \
  kind template auto plan_forward<native_isa, T>(const __VA_ARGS__&, tensor_view<const T>,   \
                                                 tensor_view<const T>, tensor_view<const T>, \
                                                 tensor_view<T>, index);                     \
  kind template void run_forward_task<native_isa>(                                           \
      const __VA_ARGS__&, const forward_plan<T, stored_types<T>>&, index, T*);

#define SKIPMAX_INSTANCES(kind, T)                                                               \
  namespace skipmax {                                                                            \
  inline namespace v0 {                                                                          \
  SKIPMAX_INSTANCE_OF_CALL(kind, T, attention<relu, by_length<>>)                                \
  SKIPMAX_INSTANCE_OF_CALL(kind, T, attention<relu, by_length<>, causal>)                        \
  SKIPMAX_INSTANCE_OF_CALL(kind, T, attention<identity, softmax>)                                \
  SKIPMAX_INSTANCE_OF_CALL(kind, T, attention<identity, softmax, causal>)                        \
  kind template void check_views<native_isa>(const tensor_view<const T>&,                        \
                                             const tensor_view<const T>&,                        \
                                             const tensor_view<const T>&, const tensor_view<T>&, \
                                             error_message&);                                    \
  }                                                                                              \
  }                                                                                              \
  namespace support {                                                                            \
  kind template class tensor<T>;                                                                 \
  kind template struct operands<T>;                                                              \
  kind template ::testing::AssertionResult close(tensor_view<const T>, const expected&);         \
  }

SKIPMAX_INSTANCES(extern, float)
SKIPMAX_INSTANCES(extern, double)
