// Not a byte is read or written outside of q, k, v, out, gates, masks, biases and learned numbers:
// each ends, or begins, where memory may not be touched.
#include <memory>
#include <vector>

#include "skipmax/attention.hpp"
#include "support/any_dressing.hpp"
#include "support/check.hpp"
#include "support/fenced.hpp"
#include "support/sanitized.hpp"

namespace {

using namespace skipmax;
using skipmax::index;
using support::fence;
using support::fenced;

// An array of exactly these numbers at a fence.
template <class T>
struct at_fence {
  fenced<T> memory;
  index count;

  at_fence(index n, fence side, std::uint64_t seed, double low, double high)
      : memory(n, side), count(n) {
    for (index i = 0; i < n; ++i)
      memory.data()[i] =
          static_cast<T>(support::uniform(seed, static_cast<std::uint64_t>(i), low, high));
  }
  T* data() const { return memory.data(); }
};

template <class T>
using any = support::any_transform<T>;
template <class T, class Plain>
using dressed =
    attention<decltype(Plain::score), decltype(Plain::normalizer), support::any_mask_of, no_cap,
              support::any_bias_of<T>, row_slots<any<T>, any<T>, any<T>, support::any_gate<T>>>;

template <class T, class Plain>
void check_shape(const Plain& plain, const problem& p, fence side, int variant) {
  const index B = p.batch, H = p.heads, Hk = p.kv_heads, Lq = p.query_length, Lk = p.key_length;
  const at_fence<T> q(B * Lq * H * p.key_dim, side, 1, -2, 2),
      k(B * Lk * Hk * p.key_dim, side, 2, -2, 2), v(B * Lk * Hk * p.value_dim, side, 3, -1, 1),
      out(B * Lq * H * p.value_dim, side, 4, 9, 10), g(B * Lq * H * p.value_dim, side, 5, -2, 2),
      g_of_heads(B * Lq * H, side, 6, -2, 2), dense(B * H * Lq * Lk, side, 7, -1, 1),
      table(H * 7, side, 8, -1, 1), of_q(H * p.key_dim, side, 9, 0.5, 2),
      of_k(Hk * p.key_dim, side, 10, 0.5, 2), of_out(H * p.value_dim, side, 11, 0.5, 2),
      shared(p.value_dim, side, 12, 0.5, 2);
  const at_fence<std::uint8_t> flags(B * H * Lq * Lk, side, 13, 0, 3),
      bits(B * H * Lq * ((Lk + 7) / 8), side, 14, 0, 256);
  const at_fence<index> lengths(B, side, 15, 0, static_cast<double>(Lk + 1));
  const at_fence<double> slopes(H, side, 16, 0, 1);

  dressed<T, Plain> a{plain.score, plain.normalizer};
  const skipmax::key_lengths padded{lengths.data(), B};
  switch (variant % 6) {
    case 0:
      a.mask = {dense_mask<>{flags.data(), B, H, Lq, Lk}};
      break;
    case 1:
      a.mask = {both<sliding_window, bit_mask>{{1000, 1000}, {bits.data(), B, H, Lq, Lk}}};
      break;
    case 2:
      a.mask = {both<skipmax::key_lengths, causal>{padded, {}}};
      break;
    case 3:
      a.mask = {both<causal, skipmax::key_lengths>{{}, padded}};
      break;
    case 4:
      a.mask = {sliding_window{5, 2}};
      break;
    default:
      break;
  }
  switch (variant % 4) {
    case 0:
      a.bias = {dense_bias<T>{dense.data(), B, H, Lq, Lk}};
      break;
    case 1:
      a.bias = {relative_bias<T>{table.data(), H, -3, 7}};
      break;
    case 2:
      a.bias = {alibi{slopes.data(), H}};
      break;
    default:
      break;
  }
  const head_vector<T> q_weight{of_q.data(), p.key_dim, H}, k_weight{of_k.data(), p.key_dim, Hk},
      out_weight{of_out.data(), p.value_dim, H}, out_bias{shared.data(), p.value_dim};
  if (variant % 3 != 1) a.rows.q = {layer_norm<T>{q_weight, {}, 0.05}};
  if (variant % 3 != 2) a.rows.k = {rms_norm<T>{k_weight, 0.05}};
  if (variant % 5 < 2) a.rows.out = {layer_norm<T>{out_weight, out_bias, 0.05}};
  if (variant % 5 == 2) a.rows.out = {rms_norm<T>{out_weight, 0.05, true}};
  if (variant % 7 < 3)
    a.rows.gate = {{skipmax::gate<T, silu>{blhd(g.data(), B, Lq, H, p.value_dim), {}}}};
  else if (variant % 7 < 6)
    a.rows.gate = {{skipmax::gate<T, sigmoid>{blhd(g_of_heads.data(), B, Lq, H, 1), {}}}};

  const auto of = [&](const at_fence<T>& x, index length, index heads, index dim) {
    return blhd<const T>(x.data(), B, length, heads, dim);
  };
  const auto queries = of(q, Lq, H, p.key_dim), keys = of(k, Lk, Hk, p.key_dim),
             values = of(v, Lk, Hk, p.value_dim);
  const auto to = blhd(out.data(), B, Lq, H, p.value_dim);
  a.forward(queries, keys, values, to);

  std::vector<double> wanted(static_cast<std::size_t>(out.count));
  reference::forward(a, queries, keys, values, blhd(wanted.data(), B, Lq, H, p.value_dim));
  double largest = 1;
  for (double y : wanted) largest = std::max(largest, std::abs(y));
  for (std::size_t n = 0; n < wanted.size(); ++n)
    ASSERT_LE(std::abs(static_cast<double>(out.data()[n]) - wanted[n]),
              (sizeof(T) == 4 ? 1e-3 : 1e-11) * largest)
        << support::text(p) << ", variant " << variant << ", element " << n;
}

// Heads are the innermost axis but dim: a row is followed by that of the next head, and the last
// row ends at the fence.
template <class T, class Plain>
void check_shapes(const Plain& plain) {
  const index key_dims[] = {1, 3, 8, 15, 16, 17, 64},
              keys[] = {1, 7, 8, 9, 15, 16, 17, 33, 65, 257};
  const index value_dims[] = {1, 2, 7, 8, 9, 16, 20, 33, 64, 65, 100}, queries[] = {1, 5, 17, 33};
  for (int n = 0; n < (support::sanitized ? 120 : 840); ++n) {
    const problem p{1 + n % 2,          queries[n % 4],  keys[n / 2 % 10],  n % 3 == 0 ? 4 : 1,
                    n % 3 == 0 ? 2 : 1, key_dims[n % 7], value_dims[n % 11]};
    check_shape<T>(plain, p, fence::after, n);
    check_shape<T>(plain, p, fence::before, n + 1);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

TEST(dressed_memory, relu) {
  check_shapes<float>(relu_attention{});
}
TEST(dressed_memory, softmax) {
  check_shapes<float>(softmax_attention{});
}
TEST(dressed_memory, sigmoid_double) {
  check_shapes<double>(sigmoid_attention{});
}

// The slots as types of their own, which the compiler sees through.
template <class T>
void check_shipped(fence side) {
  for (const index dim : {index{20}, index{64}, index{33}}) {
    const index L = 19, keys = 290;
    const at_fence<T> q(L * dim, side, 1, -2, 2), k(keys * dim, side, 2, -2, 2),
        v(keys * dim, side, 3, -1, 1), out(L * dim, side, 4, 9, 10), g(L * dim, side, 5, -1, 1),
        bias(L * keys, side, 6, -1, 1), weight(dim, side, 7, 0.5, 2);
    const at_fence<std::uint8_t> flags(L * keys, side, 8, 0, 3);
    const head_vector<T> learned{weight.data(), dim};
    const auto a = relu_attention{}
                       .with(dense_mask{flags.data(), 1, 1, L, keys})
                       .with(dense_bias{bias.data(), 1, 1, L, keys})
                       .with(qk_layernorm<T>{learned, learned})
                       .with(on_out{rms_norm<T>{learned}})
                       .with(skipmax::gate<T, silu>{ld<const T>(g.data(), L, dim)});
    const auto queries = ld<const T>(q.data(), L, dim), of_k = ld<const T>(k.data(), keys, dim),
               of_v = ld<const T>(v.data(), keys, dim);
    a.forward(queries, of_k, of_v, ld(out.data(), L, dim));
    std::vector<double> wanted(static_cast<std::size_t>(L * dim));
    reference::forward(a, queries, of_k, of_v, ld(wanted.data(), L, dim));
    for (std::size_t n = 0; n < wanted.size(); ++n)
      ASSERT_NEAR(static_cast<double>(out.data()[n]), wanted[n], sizeof(T) == 4 ? 1e-4 : 1e-12);
  }
}

// Masks that are the same for all rows, with a bias that hides keys: tiles are longer, and their
// last keys are packed in rows.
template <class T, class Attention>
void check_alike(const Attention& plain) {
  for (const fence side : {fence::after, fence::before})
    for (index keys = 1; keys < 640; keys += keys < 40 || (keys > 250 && keys < 300) ? 1 : 37) {
      const index L = 13, dim = 8, width = 20;
      const at_fence<T> q(L * dim, side, 1, -2, 2), k(keys * dim, side, 2, -2, 2),
          v(keys * width, side, 3, -1, 1), out(L * width, side, 4, 9, 10),
          bias(L * keys, side, 5, -1, 1), shift(width, side, 6, 0.5, 2);
      const at_fence<index> lengths(1, side, 7, static_cast<double>(keys * 3 / 4),
                                    static_cast<double>(keys + 1));
      for (index i = 0; i < L; ++i)
        for (index j = 0; j < keys; ++j)
          if (i == 6 || (i + j) % 5 == 0 || (i == 2 && j < 300) || (i == 3 && j + 1 < keys))
            bias.data()[i * keys + j] = -std::numeric_limits<T>::infinity();
      const auto a = plain.with(dense_bias{bias.data(), 1, 1, L, keys})
                         .with(key_lengths{lengths.data(), 1})
                         .with(qk_layernorm<T>{{}, {}, 0.05})
                         .with(on_out{layer_norm<T>{{}, {shift.data(), width}, 0.05}});
      const auto queries = ld<const T>(q.data(), L, dim), of_k = ld<const T>(k.data(), keys, dim),
                 of_v = ld<const T>(v.data(), keys, width);
      a.forward(queries, of_k, of_v, ld(out.data(), L, width));
      std::vector<double> wanted(static_cast<std::size_t>(L * width));
      reference::forward(a, queries, of_k, of_v, ld(wanted.data(), L, width));
      for (std::size_t n = 0; n < wanted.size(); ++n)
        ASSERT_NEAR(static_cast<double>(out.data()[n]), wanted[n], sizeof(T) == 4 ? 2e-4 : 1e-12)
            << keys << " keys, row " << n / width << ", " << n % width;
    }
}

TEST(dressed_memory, rows_alike_relu) {
  check_alike<float>(relu_attention{});
}
TEST(dressed_memory, rows_alike_softmax) {
  check_alike<float>(softmax_attention{});
}
TEST(dressed_memory, rows_alike_unnormalized_double) {
  check_alike<double>(attention<silu, unnormalized>{});
}

TEST(dressed_memory, shipped_slots) {
  check_shipped<float>(fence::after);
  check_shipped<float>(fence::before);
  check_shipped<double>(fence::after);
}

}  // namespace
