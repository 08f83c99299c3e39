// Attention by its definition, in double: plain loops that read like the formulas, slow on purpose.
//
//   q'_i, k'_j = the rows of q and k after their transforms
//   s_j   = cap(scale <q'_i, k'_j>) + bias_ij              over the keys j that row i sees
//   w_j   = the weight of key j, by score function and normalizer: see weights.hpp
//   out_i = gate(transform(sum_j w_j v_j))                 zeros if row i sees no key
//
// Row i sees the keys that the mask shows and whose bias is not -infinity. A row that sees none, or
// under softmax only scores of -infinity, is zeros in out: no transform or gate is applied to it.
//
// Query head h reads kv head h / (heads / kv heads). A key that a row does not see is never read
// for that row, so it may hold anything. With segments, sequence s is the rows from offsets[s] on.
// Mask, bias and normalizer then get positions within the sequence; row transforms get the row's
// place in the tensor, and its own_key within the sequence. Shapes are those of forward in
// skipmax/attention.hpp, but are not checked.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "skipmax/problem.hpp"
#include "skipmax/reference/rows.hpp"
#include "skipmax/reference/visible.hpp"
#include "skipmax/reference/weights.hpp"
#include "skipmax/row/row_transform.hpp"
#include "skipmax/tensor_view.hpp"

namespace skipmax {
inline namespace v0 {
namespace reference {

// The given scale, or 1 / sqrt(d). With d = 0 every dot product is 0, so any scale will do.
template <class Isa, class Attention>
double scale_of(const Attention& a, index key_dim) {
  if (!a.scale.is_default) return a.scale.value;
  return key_dim > 0 ? 1 / std::sqrt(static_cast<double>(key_dim)) : 1;
}

// The place of query row i of a sequence in q and out.
template <class Isa, class Attention>
row_place place_of_query(const Attention& a, row_position at) {
  const index own_key = on_diagonal<Isa>(a.mask, at).own_key();
  if (!a.segments.given()) return {at.batch, at.head, at.query, own_key};
  return {0, at.head, a.segments.offsets[at.batch] + at.query, own_key};
}

// The place of key j of the sequence in k and v.
template <class Isa, class Attention>
row_place place_of_key(const Attention& a, row_position at, index kv_head, index j) {
  if (!a.segments.given()) return {at.batch, kv_head, j, j};
  return {0, kv_head, a.segments.of_keys()[at.batch] + j, j};
}

// Query row i of sequence s: of segment s if there are segments, of batch s if not.
template <class Isa, class Attention, class Q, class K>
row_position position_of(const Attention& a, tensor_view<Q> q, tensor_view<K> k, index s, index h,
                         index i) {
  if (!a.segments.given()) return {s, h, i, q.length, k.length};
  const index *queries = a.segments.offsets + s, *keys = a.segments.of_keys() + s;
  return {s, h, i, queries[1] - queries[0], keys[1] - keys[0]};
}

// The keys that the row sees, in ascending order.
template <class Isa = native_isa, class Attention>
std::vector<index> keys_of(const Attention& a, row_position at) {
  std::vector<index> keys;
  for (index j : visible<Isa>(a.mask, at))
    if (!is_minus_infinity<Isa>(a.bias.template bias<double>(on_diagonal<Isa>(a.mask, at), j)))
      keys.push_back(j);
  return keys;
}

// One row of q or k after its transform.
template <class Isa, class X, class Transform>
std::vector<double> transformed_row(tensor_view<X> x, row_place at, const Transform& rows) {
  const X* from = x.row(at.batch, at.position, at.head);
  std::vector<double> row(from, from + x.dim);
  transform_row<Isa>(rows, at, row);
  return row;
}

template <class Isa>
double dot(const double* q, const double* k, index dim) {
  double sum = 0;
  for (index x = 0; x < dim; ++x) sum += q[x] * k[x];
  return sum;
}

// s_j of each of the keys.
template <class Isa = native_isa, class Attention, class Q, class K>
std::vector<double> scores(const Attention& a, tensor_view<Q> q, tensor_view<K> k, row_position at,
                           const std::vector<index>& keys) {
  const auto q_row = transformed_row<Isa>(q, place_of_query<Isa>(a, at), a.rows.q);
  const index kv_head = at.head / (q.heads / k.heads);
  std::vector<double> s;
  for (index j : keys) {
    const auto k_row = transformed_row<Isa>(k, place_of_key<Isa>(a, at, kv_head, j), a.rows.k);
    s.push_back(a.cap.cap(scale_of<Isa>(a, q.dim) * dot<Isa>(q_row.data(), k_row.data(), q.dim)) +
                a.bias.template bias<double>(on_diagonal<Isa>(a.mask, at), j));
  }
  return s;
}

// out_i for one query row.
template <class Isa = native_isa, class Attention, class Q, class K, class V>
void forward_row(const Attention& a, tensor_view<Q> q, tensor_view<K> k, tensor_view<V> v,
                 row_position at, double* out) {
  for (index x = 0; x < v.dim; ++x) out[x] = 0;
  const std::vector<index> keys = keys_of<Isa>(a, at);
  if (keys.empty()) return;
  const std::vector<double> w =
      weights<Isa>(a.normalizer, a.score, at, scores<Isa>(a, q, k, at, keys));
  const auto is_zero = [](double weight) { return weight == 0; };
  if (!is_pointwise<decltype(a.normalizer)> && std::all_of(w.begin(), w.end(), is_zero)) return;
  const index kv_head = at.head / (q.heads / k.heads);
  for (std::size_t n = 0; n < keys.size(); ++n) {
    const row_place place = place_of_key<Isa>(a, at, kv_head, keys[n]);
    const V* v_row = v.row(place.batch, place.position, place.head);
    for (index x = 0; x < v.dim; ++x) out[x] += w[n] * static_cast<double>(v_row[x]);
  }
  std::vector<double> row(out, out + v.dim);
  transform_row<Isa>(a.rows.out, place_of_query<Isa>(a, at), row);
  transform_row<Isa>(a.rows.gate, place_of_query<Isa>(a, at), row);
  std::copy(row.begin(), row.end(), out);
}

// q [B, Lq, H, d], k [B, Lk, Hkv, d], v [B, Lk, Hkv, dv], out [B, Lq, H, dv].
template <class Isa = native_isa, class Attention, class Q, class K, class V>
void forward(const Attention& a, tensor_view<Q> q, tensor_view<K> k, tensor_view<V> v,
             tensor_view<double> out) {
  const index sequences = a.segments.given() ? a.segments.count : q.batch;
  for (index s = 0; s < sequences; ++s)
    for (index h = 0; h < q.heads; ++h)
      for (index i = 0; i < position_of<Isa>(a, q, k, s, h, 0).query_length; ++i) {
        const row_position at = position_of<Isa>(a, q, k, s, h, i);
        const row_place place = place_of_query<Isa>(a, at);
        forward_row<Isa>(a, q, k, v, at, out.row(place.batch, place.position, place.head));
      }
}

}  // namespace reference
}  // namespace v0
}  // namespace skipmax
