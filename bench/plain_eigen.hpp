// What a careful user of Eigen writes without this library, head by head: a product, a function of
// each row, a product. The scores of one head are in memory, in a buffer that is reused.
//
//   S = scale Q K^T,  P = h(S) row by row, 0 where masked,  out = P V, each row over its divisor
//
// Scale and divisor cost no pass over the scores: q is scaled in the first product, out is divided.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "runner.hpp"

namespace bench {

template <class T>
using matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using row_stride = Eigen::OuterStride<>;

// The rows of head h of sequence b, where they lie.
template <class T>
auto head_of(tensor_view<const T> x, index b, index h) {
  return Eigen::Map<const matrix<T>, Eigen::Unaligned, row_stride>(x.row(b, 0, h), x.length, x.dim,
                                                                   row_stride(x.length_stride));
}
template <class T>
auto head_of(tensor_view<T> x, index b, index h) {
  return Eigen::Map<matrix<T>, Eigen::Unaligned, row_stride>(x.row(b, 0, h), x.length, x.dim,
                                                             row_stride(x.length_stride));
}

// Both turn the visible scores of a row into weights, and return what the output row is divided by.
struct plain_softmax {
  template <class Row>
  auto operator()(Row row) const {
    row = (row.array() - row.maxCoeff()).exp();
    return row.sum();
  }
};
struct plain_relu {
  template <class Row>
  auto operator()(Row row) const {
    row = row.cwiseMax(0);
    return static_cast<typename Row::Scalar>(row.size());
  }
};

// The two products of a head; a peer with products of its own passes those instead.
struct eigen_products {
  template <class T, class Rows, class Scores>
  void scores(T scale, const Rows& q, const Rows& k, Scores& s) const {
    s.noalias() = (scale * q) * k.transpose();
  }
  template <class Scores, class Rows, class Out>
  void values(const Scores& p, const Rows& v, Out& out) const {
    out.noalias() = p * v;
  }
};

template <class T, class Weigh, class Products>
void plain_head(const operands<T>& x, index b, index h, bool causal, T* scores, Weigh weigh,
                Products products) {
  const index n = x.q.length, m = x.k.length, kv = h / (x.q.heads / x.k.heads);
  Eigen::Map<matrix<T>, Eigen::AlignedMax> s(scores, n, m);
  auto out = head_of(x.out, b, h);
  const T scale = T(1) / std::sqrt(static_cast<T>(x.q.dim));
  products.scores(scale, head_of(x.q, b, h), head_of(x.k, b, kv), s);
  Eigen::Array<T, Eigen::Dynamic, 1> divisor(n);
  for (index i = 0; i < n; ++i) {
    const index visible = causal ? std::clamp<index>(m - n + i + 1, 0, m) : m;
    divisor[i] = visible ? weigh(s.row(i).head(visible)) : T(1);
    s.row(i).tail(m - visible).setZero();
  }
  products.values(s, head_of(x.v, b, kv), out);
  out.array().colwise() /= divisor;
}

// One score buffer for each T, shared by all runs; it only grows.
template <class T>
T* score_buffer(index size) {
  static Eigen::Array<T, Eigen::Dynamic, 1> buffer;
  if (buffer.size() < size) buffer.setZero(size);
  return buffer.data();
}

template <class T, class Weigh, class Products = eigen_products>
forward_call<T> plain_forward(bool causal, Weigh weigh, Products products = {}) {
  return [=](const operands<T>& x, const workers& on) {
    const index size = (x.q.length * x.k.length + 15) / 16 * 16;  // each worker's is aligned
    T* buffer = score_buffer<T>(size * on.concurrency());
    on.for_each_task(x.q.batch * x.q.heads, [&](index task, int worker) {
      plain_head(x, task / x.q.heads, task % x.q.heads, causal, buffer + worker * size, weigh,
                 products);
    });
    return size * on.concurrency() * static_cast<index>(sizeof(T));
  };
}

}  // namespace bench
