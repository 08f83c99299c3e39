// What is measured: the shapes, and the seeded inputs in the layout each one asks for.
#pragma once

#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "skipmax/half.hpp"
#include "skipmax/row/head_vector.hpp"
#include "skipmax/segments.hpp"
#include "skipmax/tensor_view.hpp"

namespace bench {

using skipmax::index;
using skipmax::tensor_view;

// How q, k, v and out lie in memory. In qkv the three inputs are parts of one fused projection, and
// out is [batch, length, heads, dim].
enum class layout { bhld, blhd, qkv };

struct workload {
  std::string name;
  index batch, heads, kv_heads, query_length, key_length, dim;
  bool causal = false;
  layout order = layout::bhld;
  index window = 0;              // keys that each query sees, itself the last; 0: all
  std::vector<index> lengths{};  // of sequences one after the other in a batch of 1, if any
  double zeros = 0.5;            // share of scores below zero

  // Scores of all heads: half of them if causal, only the visible ones with a window or sequences.
  double scores() const {
    double of_head = static_cast<double>(query_length) * static_cast<double>(key_length);
    if (window > 0)
      of_head = static_cast<double>(query_length * window - window * (window - 1) / 2);
    if (!lengths.empty()) of_head = 0;
    for (index l : lengths) of_head += static_cast<double>(l) * static_cast<double>(l);
    return static_cast<double>(batch * heads) * (causal ? of_head / 2 : of_head);
  }
  // Two products of dim multiply-adds for each score. Turning scores into weights is not counted.
  double flops() const { return 4 * scores() * static_cast<double>(dim); }
};

// As --shape takes it.
inline std::string shape_of(const workload& w) {
  std::string text;
  for (index n : {w.batch, w.heads, w.kv_heads, w.query_length, w.key_length, w.dim})
    text += (text.empty() ? "" : ",") + std::to_string(n);
  return text;
}

// 32 sequences of 10 to 1000 positions, from a fixed seed.
inline workload ragged_workload() {
  std::mt19937_64 bits(1);
  std::vector<index> lengths(32);
  index total = 0;
  for (index& l : lengths) total += l = 10 + static_cast<index>(bits() % 991);
  return {"ragged", 1, 6, 6, total, total, 64, false, layout::bhld, 0, lengths};
}

// The vision transformers S/32, S/16 and S/8 at 224 pixels, a long sequence, a prefill.
inline std::vector<workload> standard_workloads() {
  return {{"vit_s32", 32, 6, 6, 49, 49, 64},
          {"vit_s16", 8, 6, 6, 196, 196, 64},
          {"vit_s8", 2, 6, 6, 784, 784, 64},
          {"long_4k", 1, 8, 8, 4096, 4096, 64},
          {"causal_2k_d128", 1, 8, 8, 2048, 2048, 128, true},
          {"vit_s16_blhd", 8, 6, 6, 196, 196, 64, false, layout::blhd},
          {"vit_s16_qkv", 8, 6, 6, 196, 196, 64, false, layout::qkv}};
}

// For add_others: a window, sequences of many lengths, and as many of about their mean length.
inline std::vector<workload> other_workloads() {
  return {{"long_4k_w256", 1, 8, 8, 4096, 4096, 64, false, layout::bhld, 256},
          ragged_workload(),
          {"equal", 32, 6, 6, 505, 505, 64}};
}

// A layer of a sequential recommender.
inline workload hstu_workload() {
  return {"hstu_1k", 8, 4, 4, 1024, 1024, 64, true};
}

// As trained ReLU attention has them: most scores are below zero.
inline std::vector<workload> zero_workloads() {
  std::vector<workload> all;
  for (const int percent : {50, 70, 85, 95}) {
    all.push_back({"long_4k_z" + std::to_string(percent), 1, 8, 8, 4096, 4096, 64});
    all.back().zeros = percent / 100.0;
  }
  all.push_back({"vit_s8_z85", 2, 6, 6, 784, 784, 64});
  all.back().zeros = 0.85;
  return all;
}

// Throughput against length: one head of 64, and about 1024 query rows where the length is shorter.
inline std::vector<workload> sweep_workloads() {
  std::vector<workload> all;
  for (index l : {49, 98, 128, 196, 256, 392, 512, 784, 1024, 1536, 2048, 4096, 8192, 16384})
    all.push_back({"L:" + std::to_string(l), (1024 + l - 1) / l, 1, 1, l, l, 64});
  return all;
}

// Uninitialized memory aligned to a cache line, as Eigen and the frameworks allocate it.
template <class T>
class array {
 public:
  explicit array(index size)
      : size_(size),
        data_(
            static_cast<T*>(operator new(static_cast<std::size_t>(size) * sizeof(T), alignment))) {}
  T* get() const { return data_.get(); }
  T& operator[](index i) const { return data_.get()[i]; }
  index bytes() const { return size_ * static_cast<index>(sizeof(T)); }

 private:
  static constexpr std::align_val_t alignment{64};
  struct release {
    void operator()(T* data) const { operator delete(data, alignment); }
  };
  index size_;
  std::unique_ptr<T, release> data_;
};

// N(0, 1), the same numbers in every layout.
template <class T>
void fill_normal(tensor_view<T> x, unsigned seed) {
  std::mt19937_64 bits(seed);
  std::normal_distribution<skipmax::computed_t<T>> normal;
  for (index b = 0; b < x.batch; ++b)
    for (index h = 0; h < x.heads; ++h)
      for (index l = 0; l < x.length; ++l)
        for (index i = 0; i < x.dim; ++i) x.row(b, l, h)[i] = T(normal(bits));
}

template <class T>
void fill_nan(tensor_view<T> x) {
  for (index b = 0; b < x.batch; ++b)
    for (index h = 0; h < x.heads; ++h)
      for (index l = 0; l < x.length; ++l)
        for (index i = 0; i < x.dim; ++i)
          x.row(b, l, h)[i] = T(std::numeric_limits<skipmax::computed_t<T>>::quiet_NaN());
}

// The x below which this share of a normal distribution lies.
inline double normal_quantile(double share) {
  double low = -10, high = 10;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < share ? low : high) = middle;
  }
  return low;
}

// Sets the first feature of q to c and that of k to -c, so that this share of the scores is below
// zero. The products of the other features, which are N(0, 1), add up to about a normal number of
// variance dim - 1.
template <class T>
void set_zeros(tensor_view<T> q, tensor_view<T> k, double share) {
  const double c = std::sqrt(normal_quantile(share) * std::sqrt(static_cast<double>(q.dim - 1)));
  const auto set = [](tensor_view<T> x, double to) {
    for (index b = 0; b < x.batch; ++b)
      for (index h = 0; h < x.heads; ++h)
        for (index l = 0; l < x.length; ++l)
          x.row(b, l, h)[0] = static_cast<T>(static_cast<skipmax::computed_t<T>>(to));
  };
  set(q, c);
  set(k, -c);
}

// The share of scores below zero, for some queries of the first head.
template <class T>
double share_of_zeros(tensor_view<const T> q, tensor_view<const T> k) {
  index below = 0, all = 0;
  for (index i = 0; i < q.length; i += 1 + q.length / 50)
    for (index j = 0; j < k.length; ++j, ++all) {
      double score = 0;
      for (index x = 0; x < q.dim; ++x)
        score += static_cast<double>(q.row(0, i, 0)[x]) * static_cast<double>(k.row(0, j, 0)[x]);
      below += score < 0;
    }
  return all > 0 ? static_cast<double>(below) / static_cast<double>(all) : 0;
}

// The inputs and the output of one workload, and the memory they lie in.
template <class T>
struct operands {
  explicit operands(const workload& w) {
    const index b = w.batch, h = w.heads, g = w.kv_heads, d = w.dim;
    const index n = w.query_length, m = w.key_length;
    const auto made = [&](index heads, index length) {
      T* data = memory.emplace_back(b * heads * length * d).get();
      return w.order == layout::bhld ? skipmax::bhld(data, b, heads, length, d)
                                     : skipmax::blhd(data, b, length, heads, d);
    };
    const skipmax::qkv_views<T> in =
        w.order == layout::qkv
            ? skipmax::split_qkv(memory.emplace_back(b * n * (h + 2 * g) * d).get(), b, n, h, g, d)
            : skipmax::qkv_views<T>{made(h, n), made(g, m), made(g, m)};
    fill_normal(in.q, 1);
    fill_normal(in.k, 2);
    fill_normal(in.v, 3);
    if (w.zeros > 0.5) set_zeros(in.q, in.k, w.zeros);
    q = in.q, k = in.k, v = in.v, out = made(h, n);
    zeros = share_of_zeros(q, k);
    const tensor_view<T> gates = made(h, n);
    fill_normal(gates, 4);
    gate = gates;
    const tensor_view<T> learned = skipmax::ld(memory.emplace_back(d).get(), 1, d);
    fill_normal(learned, 5);
    weight = {learned.data, d};
    for (index l : w.lengths) offsets.push_back(offsets.back() + l);
    if (!w.lengths.empty()) segments = {offsets.data(), static_cast<index>(w.lengths.size())};
  }

  std::vector<array<T>> memory;
  tensor_view<const T> q, k, v;
  tensor_view<T> out;
  double zeros = 0;                // share of scores below zero
  tensor_view<const T> gate;       // for the functors with a gate
  skipmax::head_vector<T> weight;  // for those with a norm
  std::vector<index> offsets{0};
  skipmax::segments segments;
};

// Made when first asked for, then shared by every functor.
template <class T>
const operands<T>& operands_of(const workload& w) {
  static std::map<std::string, operands<T>> made;
  return made.try_emplace(w.name, w).first->second;
}

}  // namespace bench
