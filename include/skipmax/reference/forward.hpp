// Attention by its definition, in double: plain loops that read like the formulas, slow on purpose.
//
//   s_j   = cap(scale <q_i, k_j>)                         over the keys j that row i sees
//   w_j   = weight of key j: the normalizer after the score function, see weights.hpp
//   out_i = sum_j w_j v_j                                  zeros where row i sees no key
//
// Query head h reads kv head h / (heads / kv heads). A key that a row does not see is never read
// for that row, so it may hold anything. Shapes are those of forward in skipmax/attention.hpp,
// which checks them; this one takes them as given.
#pragma once

#include <cmath>
#include <vector>

#include "skipmax/reference/visible.hpp"
#include "skipmax/reference/weights.hpp"
#include "skipmax/tensor_view.hpp"

namespace skipmax {
inline namespace v0 {
namespace reference {

// The scale given, or 1 / sqrt(d). Without a dim every score is 0, whatever the scale.
template <class Isa, class Attention>
double scale_of(const Attention& a, index key_dim) {
  if (!a.scale.is_default()) return a.scale.value;
  return key_dim > 0 ? 1 / std::sqrt(static_cast<double>(key_dim)) : 1;
}

template <class Isa, class Q, class K>
double dot(const Q* q, const K* k, index dim) {
  double sum = 0;
  for (index x = 0; x < dim; ++x) sum += static_cast<double>(q[x]) * static_cast<double>(k[x]);
  return sum;
}

// The scores of the keys, after the cap.
template <class Isa = native_isa, class Attention, class Q, class K>
std::vector<double> scores(const Attention& a, tensor_view<Q> q, tensor_view<K> k, row_position at,
                           const std::vector<index>& keys) {
  const Q* q_row = q.row(at.batch, at.query, at.head);
  const index kv_head = at.head / (q.heads / k.heads);
  std::vector<double> s;
  for (index j : keys)
    s.push_back(
        a.cap.cap(scale_of<Isa>(a, q.dim) * dot<Isa>(q_row, k.row(at.batch, j, kv_head), q.dim)));
  return s;
}

// out_i for one query row.
template <class Isa = native_isa, class Attention, class Q, class K, class V>
void forward_row(const Attention& a, tensor_view<Q> q, tensor_view<K> k, tensor_view<V> v,
                 row_position at, double* out) {
  for (index x = 0; x < v.dim; ++x) out[x] = 0;
  const std::vector<index> keys = visible<Isa>(a.mask, at);
  if (keys.empty()) return;
  const std::vector<double> w =
      weights<Isa>(a.normalizer, a.score, at, scores<Isa>(a, q, k, at, keys));
  const index kv_head = at.head / (q.heads / k.heads);
  for (std::size_t n = 0; n < keys.size(); ++n) {
    const V* v_row = v.row(at.batch, keys[n], kv_head);
    for (index x = 0; x < v.dim; ++x) out[x] += w[n] * static_cast<double>(v_row[x]);
  }
}

// q [B, Lq, H, d], k [B, Lk, Hkv, d], v [B, Lk, Hkv, dv], out [B, Lq, H, dv].
template <class Isa = native_isa, class Attention, class Q, class K, class V>
void forward(const Attention& a, tensor_view<Q> q, tensor_view<K> k, tensor_view<V> v,
             tensor_view<double> out) {
  for (index b = 0; b < q.batch; ++b)
    for (index h = 0; h < q.heads; ++h)
      for (index i = 0; i < q.length; ++i)
        forward_row<Isa>(a, q, k, v, {b, h, i, q.length, k.length}, out.row(b, i, h));
}

}  // namespace reference
}  // namespace v0
}  // namespace skipmax
