// Transforms of q and k together, for attention::with: over the dim of a head, after the split into
// heads. Each weight is a head_vector: [dim] for all heads or [heads, dim], for k [kv heads, dim].
//
//   qk_layernorm{q weight, k weight}     Flax's normalize_qk (ViT-22B, arXiv 2302.05442)
//   qk_rmsnorm{q weight, k weight}       as in current language models
//   qk_rows{q transform, k transform}    any two
//
// qk_layernorm{} has no weights.
#pragma once

#include "skipmax/row/layer_norm.hpp"
#include "skipmax/row/rms_norm.hpp"

namespace skipmax {
inline namespace v0 {

template <class T = float>
struct qk_layernorm {
  head_vector<T> q{};
  head_vector<T> k{};
  double eps = 1e-6;

  SKIPMAX_INLINE layer_norm<T> q_rows() const { return {q, {}, eps}; }
  SKIPMAX_INLINE layer_norm<T> k_rows() const { return {k, {}, eps}; }
};
template <class T>
qk_layernorm(head_vector<T>, head_vector<T>, double = 0) -> qk_layernorm<T>;

template <class T = float>
struct qk_rmsnorm {
  head_vector<T> q{};
  head_vector<T> k{};
  double eps = 1e-6;
  bool one_plus = false;

  SKIPMAX_INLINE rms_norm<T> q_rows() const { return {q, eps, one_plus}; }
  SKIPMAX_INLINE rms_norm<T> k_rows() const { return {k, eps, one_plus}; }
};
template <class T>
qk_rmsnorm(head_vector<T>, head_vector<T>, double = 0, bool = false) -> qk_rmsnorm<T>;

template <row_transform Q, row_transform K>
struct qk_rows {
  Q q{};
  K k{};

  SKIPMAX_INLINE Q q_rows() const { return q; }
  SKIPMAX_INLINE K k_rows() const { return k; }
};
template <class Q, class K>
qk_rows(Q, K) -> qk_rows<Q, K>;

}  // namespace v0
}  // namespace skipmax
