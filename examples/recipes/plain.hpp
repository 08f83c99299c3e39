// What the recipes are checked against: attention as plain loops in double. Apart from run(),
// nothing here calls the library: each recipe is computed again, by the formula of its source.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>
#include <skipmax/skipmax.hpp>

namespace plain {

using tensor = Eigen::Tensor<float, 4, Eigen::RowMajor>;  // [batch, length, heads, dim]
using exact = Eigen::Tensor<double, 4, Eigen::RowMajor>;
using numbers = Eigen::ArrayXf;  // learned
using weights = Eigen::ArrayXd;  // of all keys, for one query row
using Eigen::Index;

// Normally distributed, different for each seed.
inline tensor normal(Index batch, Index length, Index heads, Index dim, unsigned seed) {
  tensor t(batch, length, heads, dim);
  std::mt19937 bits(seed);
  std::normal_distribution<float> number;
  std::generate_n(t.data(), t.size(), [&] { return number(bits); });
  return t;
}
inline numbers normal(Index count, float mean, unsigned seed) {
  numbers n(count);
  std::mt19937 bits(seed);
  std::normal_distribution<float> number(mean, 0.25f);
  std::generate_n(n.data(), count, [&] { return number(bits); });
  return n;
}

struct inputs {
  tensor q, k, v, u;  // u has the shape of out: what a gate is made of
};
inline inputs make_inputs(Index batch, Index length, Index heads, Index kv_heads, Index dim,
                          Index value_dim) {
  return {normal(batch, length, heads, dim, 1), normal(batch, length, kv_heads, dim, 2),
          normal(batch, length, kv_heads, value_dim, 3),
          normal(batch, length, heads, value_dim, 4)};
}

template <class Attention>
tensor run(const Attention& attention, const inputs& x) {
  tensor out(x.u.dimensions());
  attention.forward(skipmax::as_blhd(x.q), skipmax::as_blhd(x.k), skipmax::as_blhd(x.v),
                    skipmax::as_blhd(out));
  return out;
}

// out_i = sum_j w_j v_j, where weigh(b, i, h, w) turns w_j = <q_i, k_j>, for all keys j, into
// weights. If there are fewer kv heads than heads, neighbouring heads share one.
template <class Weigh>
exact attend(const exact& q, const exact& k, const tensor& v, Weigh weigh) {
  const Index heads = q.dimension(2), group = heads / k.dimension(2), keys = k.dimension(1);
  exact out(q.dimension(0), q.dimension(1), heads, v.dimension(3));
  out.setZero();
  weights w(keys);
  for (Index b = 0; b < q.dimension(0); ++b)
    for (Index i = 0; i < q.dimension(1); ++i)
      for (Index h = 0; h < heads; ++h) {
        for (Index j = 0; j < keys; ++j) {
          const double *of_q = &q(b, i, h, 0), *of_k = &k(b, j, h / group, 0);
          w[j] = 0;
          for (Index x = 0; x < q.dimension(3); ++x) w[j] += of_q[x] * of_k[x];
        }
        weigh(static_cast<int>(b), static_cast<int>(i), static_cast<int>(h), w);
        for (Index j = 0; j < keys; ++j) {
          const float* of_v = &v(b, j, h / group, 0);
          double* to = &out(b, i, h, 0);
          for (Index x = 0; x < v.dimension(3); ++x) to[x] += w[j] * of_v[x];
        }
      }
  return out;
}

template <class Weigh>
exact attend(const inputs& x, Weigh weigh) {
  return attend(x.q.cast<double>(), x.k.cast<double>(), x.v, weigh);
}

// For attend, if every key is seen and has the weight weight(s), s = <q, k>.
template <class Weight>
auto each(Weight weight) {
  return [weight](int, int, int, weights& w) {
    for (double& s : w) s = weight(s);
  };
}

inline double relu(double s) {
  return s > 0 ? s : 0;
}
inline double sigmoid(double s) {
  return 1 / (1 + std::exp(-s));
}
inline double silu(double s) {
  return s * sigmoid(s);
}

// The softmax of w[first .. last); the other weights are 0.
inline void softmax(weights& w, Index first, Index last) {
  double largest = -INFINITY, sum = 0;
  for (Index j = first; j < last; ++j) largest = std::max(largest, w[j]);
  for (Index j = 0; j < w.size(); ++j) {
    w[j] = j >= first && j < last ? std::exp(w[j] - largest) : 0;
    sum += w[j];
  }
  for (Index j = 0; j < w.size(); ++j) w[j] /= sum;
}

// x / sqrt(mean(x^2) + 1e-6) * weight, over as many numbers at a time as there are weights.
inline exact rms_norm(exact x, const numbers& weight) {
  const Index dim = weight.size();
  for (double* at = x.data(); at < x.data() + x.size(); at += dim) {
    double squares = 0;
    for (Index n = 0; n < dim; ++n) squares += at[n] * at[n];
    const double root = std::sqrt(squares / static_cast<double>(dim) + 1e-6);
    for (Index n = 0; n < dim; ++n) at[n] *= weight[n] / root;
  }
  return x;
}

// (x - mean) / sqrt(var + 1e-6) * weight, over as many numbers at a time as there are weights.
inline exact layer_norm(exact x, const numbers& weight) {
  const Index dim = weight.size();
  for (double* at = x.data(); at < x.data() + x.size(); at += dim) {
    double sum = 0;
    for (Index n = 0; n < dim; ++n) sum += at[n];
    for (Index n = 0; n < dim; ++n) at[n] -= sum / static_cast<double>(dim);
  }
  return rms_norm(x, weight);  // what is left has a mean of 0, and var is its mean square
}

// Prints the largest difference, relative to the largest number wanted. Up to 1e-5, a hundred
// roundings of float, is ok; NaN is not.
inline bool report(const char* name, const tensor& out, const exact& wanted) {
  double largest = 0, difference = 0;
  for (Index n = 0; n < wanted.size(); ++n) {
    const double apart = std::abs(out.data()[n] - wanted.data()[n]);
    difference = std::isnan(apart) ? INFINITY : std::max(difference, apart);
    largest = std::max(largest, std::abs(wanted.data()[n]));
  }
  const bool ok = std::isfinite(largest) && difference <= 1e-5 * largest;
  std::printf("%-40s %.1e %s\n", name, difference / largest, ok ? "ok" : "too large");
  return ok;
}

}  // namespace plain
