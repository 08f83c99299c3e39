// A fused loop over tiles, multiplied by libxsmm; the scores of a head are never all in memory.
//
//   for each head, for each block of keys, transposed once, for each block of queries
//     S = Q K^T,  P = h(S),  O += P V
//
// Softmax is online: the scale is folded into the exponential's argument, and the sums so far are
// scaled when a row's maximum has grown. Blocks are of equal size; other sizes, from 49 to 256
// queries and 64 to 512 keys, were within 5 %, and so was transposing in registers, not by libxsmm.
#include <libxsmm.h>

#include "peer.hpp"
#include "peers.hpp"
#include "skipmax/simd/bf16_pair.hpp"
#include "skipmax/simd/row_ops.hpp"

#if LIBXSMM_CONFIG_VERSION_MAJOR != 1
#error "peers/libxsmm.cpp is written for libxsmm 1, wanted Debian 12's libxsmm-dev."
#endif

namespace bench {
namespace {

namespace math = skipmax::math;
using skipmax::bf16;
using isa = skipmax::native_isa;
using lane = skipmax::simd<float, isa>;
constexpr index W = skipmax::lanes<float, isa>;

constexpr float infinity = std::numeric_limits<float>::infinity();

index round_up(index n, index multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

// A length cut into the fewest blocks of at most `most`, all but the last of equal `size`.
struct blocks {
  blocks(index l, index most, index multiple)
      : length(l), size(round_up((l + count_of(l, most) - 1) / count_of(l, most), multiple)) {}

  index count() const { return count_of(length, size); }
  index first(index i) const { return i * size; }
  index last(index i) const { return std::min(length, first(i) + size); }
  index of_last() const { return length - first(count() - 1); }

  static index count_of(index l, index most) { return (l + most - 1) / most; }

  index length, size;
};

// c [rows, columns] = a [rows, depth] b [depth, columns], or c += a b if it adds. b of bf16 is in
// pairs: [depth / 2, columns, 2]. libxsmm is column-major and sees our matrices transposed.
struct shape {
  index rows, columns, depth;
  index a_stride, b_stride, c_stride;
  bool adds;
};

template <class T>
auto kernel_of(const shape& s) {
  const auto size = [](index n) { return static_cast<libxsmm_blasint>(n); };
  const libxsmm_blasint lda = size(s.b_stride), ldb = size(s.a_stride), ldc = size(s.c_stride);
  const float alpha = 1, beta = s.adds ? 1 : 0;
  const int flags = sizeof(T) == 2 ? LIBXSMM_GEMM_FLAG_VNNI_A : LIBXSMM_GEMM_FLAG_NONE;
  const int prefetch = LIBXSMM_GEMM_PREFETCH_NONE;
  const auto dispatch = [&](auto f) {
    return f(size(s.columns), size(s.rows), size(s.depth), &lda, &ldb, &ldc, &alpha, &beta, &flags,
             &prefetch);
  };
  if constexpr (sizeof(T) == 2)
    return dispatch(libxsmm_bsmmdispatch);
  else
    return dispatch(libxsmm_smmdispatch);
}

const float* raw(const float* x) {
  return x;
}
const libxsmm_bfloat16* raw(const bf16* x) {
  return &x->bits;
}

// k [keys, dim] to [dim, keys], or of bf16 to pairs [dim / 2, keys, 2].
template <class T>
void transpose_keys(const T* k, index stride, index keys, index dim, T* to, index to_stride) {
  constexpr index pair = sizeof(float) / sizeof(T);
  const auto size = [](index n) { return static_cast<libxsmm_blasint>(n); };
  libxsmm_otrans(to, k, sizeof(float), size(dim / pair), size(keys), size(stride / pair),
                 size(to_stride));
}

// v [keys, dim] to [keys / 2, dim, 2], with a row of zeros after an odd last one.
void pair_values(const bf16* v, index stride, index keys, index dim, bf16* to) {
  for (index j = 0; j < keys; j += 2, to += 2 * dim) {
    const bf16* first = v + j * stride;
    const bf16* second = j + 1 < keys ? first + stride : nullptr;
    auto* pairs = reinterpret_cast<skipmax::bf16_pair*>(to);
    index x = 0;
    for (; x + W <= dim; x += W)
      skipmax::pair_rows<isa>(pairs + x, first + x, second ? second + x : nullptr);
    for (; x < dim; ++x) {
      to[2 * x] = first[x];
      to[2 * x + 1] = second ? second[x] : bf16(0.0f);
    }
  }
}

// p = weight(s) for the visible keys, 0 from there up to the width.
template <class T, class Weight>
void weigh_row(const float* s, T* p, index visible, index width, Weight weight) {
  index x = 0;
  for (; x < visible; x += W)
    skipmax::store_rounded<isa, float>(p + x, weight(lane::load_aligned(s + x)));
  for (; x < width; x += W) skipmax::store_rounded<isa, float>(p + x, lane(0.0f));
}

// Weights and output in bf16 are rounded from floats that are kept elsewhere.
template <class T>
inline constexpr bool rounded = sizeof(T) == 2;

// Memory of one worker.
template <class T>
struct scratch {
  scratch(index queries, index rows, index width, index dim)
      : keys(dim * width),
        values(rounded<T> ? dim * width : 0),
        scores(rows * width),
        weights(rounded<T> ? rows * width : 0),
        lanes(rows * W),
        of_row(rows),
        top(queries),
        sum(queries),
        out(rounded<T> ? queries * dim : 0) {}

  index bytes() const {
    return keys.bytes() + values.bytes() + scores.bytes() + weights.bytes() + lanes.bytes() +
           of_row.bytes() + top.bytes() + sum.bytes() + out.bytes();
  }

  array<T> keys, values;       // of one block, as the kernels want them
  array<float> scores;         // [rows, width]
  array<T> weights;            // [rows, width]
  array<float> lanes, of_row;  // for each row of the tile: a register, its reduction
  array<float> top, sum;       // softmax: the maximum and the sum of each query so far
  array<float> out;            // [queries, dim]
};

template <class T>
class fused_loop {
 public:
  fused_loop(const workload& w, weighing weigh, const operands<T>& x, int workers)
      : weigh_(weigh),
        causal_(w.causal),
        queries_(w.query_length, w.causal ? 64 : 128, 1),
        keys_(w.key_length,
              w.causal              ? 64
              : w.key_length > 1024 ? 512
                                    : 256,
              W),
        width_(keys_.size),
        scale_(1 / std::sqrt(static_cast<float>(w.dim))) {
    for (const bool last_rows : {false, true})
      for (const bool last_keys : {false, true}) make_kernels(x, last_rows, last_keys);
    const index rows = round_up(queries_.size, W), queries = round_up(queries_.length, W);
    for (int i = 0; i < workers; ++i)
      memory_.emplace_back(queries, rows, width_, round_up(w.dim, W));
  }

  // Returns the bytes of memory it used.
  index operator()(const operands<T>& x, const workers& on) const {
    on.for_each_task(x.q.batch * x.q.heads, [&](index task, int worker) {
      head(x, task / x.q.heads, task % x.q.heads, memory_[static_cast<std::size_t>(worker)]);
    });
    return memory_[0].bytes() * on.concurrency();
  }

 private:
  using kernel = decltype(kernel_of<T>({}));
  struct tile {
    index b, h, kv;
    index rows, keys;  // numbers of their blocks
  };

  index out_stride(const operands<T>& x) const {
    return rounded<T> ? round_up(x.out.dim, W) : x.out.length_stride;
  }

  void make_kernels(const operands<T>& x, bool last_rows, bool last_keys) {
    const index rows = last_rows ? queries_.of_last() : queries_.size;
    const index keys = last_keys ? keys_.of_last() : keys_.size, dim = x.q.dim;
    scores_[last_rows][last_keys] =
        kernel_of<T>({rows, keys, dim, x.q.length_stride, width_, width_, false});
    for (const bool adds : {false, true})
      values_[last_rows][last_keys][adds] =
          kernel_of<T>({rows, dim, rounded<T> ? round_up(keys, 2) : keys, width_,
                        rounded<T> ? dim : x.v.length_stride, out_stride(x), adds});
  }

  // How many keys of the block query i sees.
  index visible(index i, index block) const {
    const index first = keys_.first(block), last = keys_.last(block);
    const index end = causal_ ? keys_.length - queries_.length + i + 1 : last;
    return std::clamp(end, first, last) - first;
  }

  void head(const operands<T>& x, index b, index h, const scratch<T>& m) const {
    std::fill_n(m.top.get(), queries_.length, -infinity);
    std::fill_n(m.sum.get(), queries_.length, 0.0f);
    tile at{b, h, h / (x.q.heads / x.k.heads), 0, 0};
    for (at.keys = 0; at.keys < keys_.count(); ++at.keys) {
      const index j = keys_.first(at.keys), keys = keys_.last(at.keys) - j;
      transpose_keys(x.k.row(b, j, at.kv), x.k.length_stride, keys, x.k.dim, m.keys.get(), width_);
      if constexpr (rounded<T>)
        pair_values(x.v.row(b, j, at.kv), x.v.length_stride, keys, x.v.dim, m.values.get());
      for (at.rows = first_rows(at.keys); at.rows < queries_.count(); ++at.rows)
        multiply_tile(x, at, m);
    }
  }

  // The first block of queries that sees keys of this block; all take key block 0, to start sums.
  index first_rows(index block) const {
    const index i = keys_.first(block) - (keys_.length - queries_.length);
    return causal_ && block > 0 ? std::max<index>(i, 0) / queries_.size : 0;
  }

  void multiply_tile(const operands<T>& x, tile at, const scratch<T>& m) const {
    const bool last_rows = at.rows + 1 == queries_.count(),
               last_keys = at.keys + 1 == keys_.count();
    const index i = queries_.first(at.rows), j = keys_.first(at.keys);
    scores_[last_rows][last_keys](raw(m.keys.get()), raw(x.q.row(at.b, i, at.h)), m.scores.get());

    T* p = m.weights.get();
    if constexpr (!rounded<T>) p = m.scores.get();
    float* sums = m.out.get() + i * out_stride(x);
    if constexpr (!rounded<T>) sums = x.out.row(at.b, i, at.h);
    if (weigh_ == weighing::relu)
      relu_rows(at, p, m);
    else
      softmax_rows(at, p, sums, out_stride(x), x.out.dim, m);

    const T* v = m.values.get();
    if constexpr (!rounded<T>) v = x.v.row(at.b, j, at.kv);
    values_[last_rows][last_keys][at.keys > 0](raw(v), raw(p), sums);
    if (last_keys || visible(queries_.last(at.rows) - 1, at.keys + 1) == 0)
      finish_rows(x, at, sums, m);
  }

  void relu_rows(tile at, T* p, const scratch<T>& m) const {
    for (index r = 0, i = queries_.first(at.rows); i < queries_.last(at.rows); ++r, ++i) {
      const index seen = visible(i, at.keys);
      const index of_all = causal_ ? keys_.length - queries_.length + i + 1 : keys_.length;
      const lane factor(scale_ / static_cast<float>(of_all));
      float* s = m.scores.get() + r * width_;
      skipmax::fill_outside<isa>(s, 0, seen, 0.0f);
      weigh_row(s, p + r * width_, seen, width_,
                [=](lane x) SKIPMAX_LAMBDA { return math::max(x, lane(0.0f)) * factor; });
    }
  }

  void softmax_rows(tile at, T* p, float* sums, index stride, index dim,
                    const scratch<T>& m) const {
    const index first = queries_.first(at.rows), rows = queries_.last(at.rows) - first;
    const float to_log2 = scale_ * 1.44269504f;
    find_maxima(at, m);
    for (index r = 0; r < rows; ++r) {
      float& top = m.top[first + r];
      if (const float higher = m.of_row[r]; higher > top) {
        const float factor = math::fast_exp2((top - higher) * to_log2);
        top = higher;
        m.sum[first + r] *= factor;
        if (at.keys > 0)
          for (index x = 0; x < dim; ++x) sums[r * stride + x] *= factor;
      }
      lane sum(0.0f);
      const lane factor(to_log2), shift(-top * to_log2);
      weigh_row(m.scores.get() + r * width_, p + r * width_, visible(first + r, at.keys), width_,
                [&](lane x) SKIPMAX_LAMBDA {
                  const lane weight = math::fast_exp2(math::fma(x, factor, shift));
                  sum = sum + weight;
                  return weight;
                });
      sum.store_aligned(m.lanes.get() + r * W);
    }
    reduce(rows, m, [](lane a, lane b) SKIPMAX_LAMBDA { return a + b; });
    for (index r = 0; r < rows; ++r) m.sum[first + r] += m.of_row[r];
  }

  // The maximum of each row's visible scores; the hidden ones become -infinity.
  void find_maxima(tile at, const scratch<T>& m) const {
    const index first = queries_.first(at.rows), rows = queries_.last(at.rows) - first;
    for (index r = 0; r < rows; ++r) {
      const index seen = visible(first + r, at.keys);
      float* s = m.scores.get() + r * width_;
      skipmax::fill_outside<isa>(s, 0, seen, -infinity);
      lane top(-infinity);
      for (index x = 0; x < seen; x += W) top = math::max(top, lane::load_aligned(s + x));
      top.store_aligned(m.lanes.get() + r * W);
    }
    reduce(rows, m, [](lane a, lane b) SKIPMAX_LAMBDA { return math::max(a, b); });
  }

  template <class Op>
  static void reduce(index rows, const scratch<T>& m, Op op) {
    skipmax::reduce_rows<isa>(m.lanes.get(), static_cast<int>(round_up(rows, W)), m.of_row.get(),
                              op);
  }

  void finish_rows(const operands<T>& x, tile at, float* sums, const scratch<T>& m) const {
    const index stride = out_stride(x);
    for (index i = queries_.first(at.rows); i < queries_.last(at.rows); ++i, sums += stride) {
      const float sum = weigh_ == weighing::softmax ? m.sum[i] : 1;
      const float factor = sum > 0 ? 1 / sum : 0;
      if constexpr (rounded<T>)
        skipmax::store_scaled<isa>(x.out.row(at.b, i, at.h), sums, x.out.dim, factor);
      else if (weigh_ == weighing::softmax)
        for (index d = 0; d < x.out.dim; ++d) sums[d] *= factor;
    }
  }

  weighing weigh_;
  bool causal_;
  blocks queries_, keys_;
  index width_;
  float scale_;
  kernel scores_[2][2];     // [last rows][last keys]
  kernel values_[2][2][2];  // the same, [adds]
  std::vector<scratch<T>> memory_;
};

template <class T>
void add_fused_loop(const options& o) {
  if (!kernel_of<T>({16, 16, 16, 16, 16, 16, false})) {
    std::fprintf(stderr, "libxsmm has no %s products for this processor\n", dtype<T>);
    return;
  }
  add_peer<T>(o, "libxsmm", [](const workload& w, weighing weigh) -> forward_call<T> {
    if (sizeof(T) == 2 && w.dim % 2 != 0) return {};  // dims are multiplied in pairs
    return [=, loop = std::shared_ptr<fused_loop<T>>()](const operands<T>& x,
                                                        const workers& on) mutable {
      if (!loop) loop = std::make_shared<fused_loop<T>>(w, weigh, x, on.concurrency());
      return (*loop)(x, on);
    };
  });
}

}  // namespace

void add_libxsmm(const options& o) {
  add_fused_loop<float>(o);
  add_fused_loop<bf16>(o);
}

}  // namespace bench
