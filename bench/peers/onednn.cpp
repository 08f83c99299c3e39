// Two products by oneDNN, with its softmax between them or relu and the scale fused into the first.
//
// The scores of all heads are in memory at once if they are small, otherwise those of one head. All
// at once are 1.2 to 1.5 times as fast as one by one on 192 heads of 49 keys, not slower on 48 of
// 196, 0.8 times as fast on 12 of 784. Softmax of bf16 has scores of float for short lengths
// (faster up to 784 keys) and of bf16 for long ones (float is slower from 2048 on).
#include <dnnl.hpp>

#include "peer.hpp"
#include "peers.hpp"

#if DNNL_VERSION_MAJOR != 2
#error "peers/onednn.cpp is written for oneDNN 2, wanted Debian 12's libdnnl-dev."
#endif

// From the OpenMP runtime that oneDNN is linked to, which need not be the compiler's.
extern "C" void omp_set_num_threads(int);

namespace bench {
namespace {

using dnnl::memory;
using skipmax::bf16;
using arguments = std::unordered_map<int, memory>;

constexpr double small_scores = 2 << 20, large_scores = 4 << 20;  // bytes

template <class T>
constexpr memory::data_type type_of = sizeof(T) == 4 ? memory::data_type::f32
                                                     : memory::data_type::bf16;

// Adjacent heads, or a single one, in place: [heads, length, dim].
template <class T>
memory::desc rows_of(tensor_view<T> x, index heads) {
  return {{heads, x.length, x.dim}, type_of<T>, {x.length * x.length_stride, x.length_stride, 1}};
}
template <class T>
memory::desc transposed_rows_of(tensor_view<T> x, index heads) {
  return {{heads, x.dim, x.length}, type_of<T>, {x.length * x.length_stride, 1, x.length_stride}};
}

template <class T>
bool heads_are_adjacent(tensor_view<T> x) {
  return x.head_stride == x.length * x.length_stride && x.batch_stride == x.heads * x.head_stride;
}

template <class T>
index heads_at_once(const workload& w, const operands<T>& x) {
  const index heads = w.batch * w.heads;
  const bool adjacent = heads_are_adjacent(x.q) && heads_are_adjacent(x.k) &&
                        heads_are_adjacent(x.v) && heads_are_adjacent(x.out);
  const bool small = w.scores() * sizeof(float) < small_scores;
  return adjacent && small && w.heads == w.kv_heads && !w.causal ? heads : 1;
}

// One workload: primitives and memory that are made once.
template <class T>
class onednn_attention {
 public:
  onednn_attention(const workload& w, weighing weigh, const operands<T>& x)
      : weigh_(weigh),
        causal_(w.causal),
        heads_(heads_at_once(w, x)),
        of_scores_({heads_, w.query_length, w.key_length}, type_of_scores(w, weigh),
                   memory::format_tag::abc),
        of_weights_({heads_, w.query_length, w.key_length}, type_of<T>, memory::format_tag::abc),
        q_(rows_of(x.q, heads_), engine_, nullptr),
        k_(transposed_rows_of(x.k, heads_), engine_, nullptr),
        v_(rows_of(x.v, heads_), engine_, nullptr),
        out_(rows_of(x.out, heads_), engine_, nullptr),
        scores_(of_scores_, engine_),
        weights_(of_scores_ == of_weights_ ? scores_ : memory(of_weights_, engine_)) {
    const float scale = 1 / std::sqrt(static_cast<float>(w.dim));
    dnnl::primitive_attr scaled;
    dnnl::post_ops relu;
    if (weigh == weighing::softmax)
      scaled.set_output_scales(0, {scale});
    else  // causal rows have divisors of their own
      relu.append_eltwise(causal_ ? scale : scale / static_cast<float>(w.key_length),
                          dnnl::algorithm::eltwise_relu, 0, 0);
    scaled.set_post_ops(relu);
    query_product_ = product(q_, k_, scores_, scaled);
    value_product_ = product(weights_, v_, out_, {});
    if (weigh == weighing::softmax) softmax_ = make_softmax();
  }

  // Returns the bytes of memory it used.
  index operator()(const operands<T>& x, const workers& on) {
    omp_set_num_threads(on.concurrency());
    for (index first = 0; first < x.q.batch * x.q.heads; first += heads_)
      step(x, first / x.q.heads, first % x.q.heads);
    stream_.wait();
    const std::size_t bytes =
        of_scores_.get_size() + (of_scores_ == of_weights_ ? 0 : of_weights_.get_size());
    return static_cast<index>(bytes);
  }

 private:
  static memory::data_type type_of_scores(const workload& w, weighing weigh) {
    const double of_head = w.scores() * sizeof(float) / static_cast<double>(w.batch * w.heads);
    return weigh == weighing::softmax && of_head < large_scores ? memory::data_type::f32
                                                                : type_of<T>;
  }

  dnnl::matmul product(const memory& a, const memory& b, const memory& c,
                       const dnnl::primitive_attr& attributes) const {
    return dnnl::matmul::primitive_desc({a.get_desc(), b.get_desc(), c.get_desc()}, attributes,
                                        engine_);
  }

  dnnl::softmax_v2_forward make_softmax() const {
    return dnnl::softmax_v2_forward::primitive_desc(
        {dnnl::prop_kind::forward_inference, dnnl::algorithm::softmax_accurate, of_scores_,
         of_weights_, 2},
        engine_);
  }

  void step(const operands<T>& x, index b, index h) {
    const index kv = h / (x.q.heads / x.k.heads);
    // oneDNN's interface has no read-only memory
    q_.set_data_handle(const_cast<T*>(x.q.row(b, 0, h)));
    k_.set_data_handle(const_cast<T*>(x.k.row(b, 0, kv)));
    v_.set_data_handle(const_cast<T*>(x.v.row(b, 0, kv)));
    out_.set_data_handle(x.out.row(b, 0, h));
    query_product_.execute(stream_, of_query_product_);
    if (causal_) hide_keys(x);
    if (weigh_ == weighing::softmax) softmax_.execute(stream_, of_softmax_);
    value_product_.execute(stream_, of_value_product_);
    if (causal_ && weigh_ == weighing::relu) divide_rows(x, b, h);
  }

  // Fusing the mask into the product, as a second operation, takes 1.2 times as long in all.
  void hide_keys(const operands<T>& x) {
    const float hidden =
        weigh_ == weighing::softmax ? -std::numeric_limits<float>::infinity() : 0.0f;
    const auto hide = [&](auto* s, auto number) {
      for (index i = 0; i < x.q.length; ++i)
        std::fill(s + i * x.k.length + visible(x, i), s + (i + 1) * x.k.length, number);
    };
    if (of_scores_.data_type() == memory::data_type::f32)
      hide(static_cast<float*>(scores_.get_data_handle()), hidden);
    else
      hide(static_cast<bf16*>(scores_.get_data_handle()), bf16(hidden));
  }

  void divide_rows(const operands<T>& x, index b, index h) const {
    for (index i = 0; i < x.q.length; ++i) {
      const float factor = 1 / static_cast<float>(visible(x, i));
      T* row = x.out.row(b, i, h);
      for (index d = 0; d < x.out.dim; ++d) row[d] = T(static_cast<float>(row[d]) * factor);
    }
  }

  static index visible(const operands<T>& x, index i) { return x.k.length - x.q.length + i + 1; }

  weighing weigh_;
  bool causal_;
  index heads_;  // at once
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  memory::desc of_scores_, of_weights_;  // [heads, queries, keys]
  memory q_, k_, v_, out_, scores_, weights_;
  dnnl::matmul query_product_, value_product_;
  dnnl::softmax_v2_forward softmax_;
  arguments of_query_product_{{DNNL_ARG_SRC, q_}, {DNNL_ARG_WEIGHTS, k_}, {DNNL_ARG_DST, scores_}};
  arguments of_softmax_{{DNNL_ARG_SRC, scores_}, {DNNL_ARG_DST, weights_}};
  arguments of_value_product_{
      {DNNL_ARG_SRC, weights_}, {DNNL_ARG_WEIGHTS, v_}, {DNNL_ARG_DST, out_}};
};

template <class T>
bool has_products() {
  const memory::desc square{{1, 16, 16}, type_of<T>, memory::format_tag::abc};
  try {
    dnnl::matmul::primitive_desc({square, square, square}, {dnnl::engine::kind::cpu, 0});
    return true;
  } catch (const dnnl::error&) {
    return false;
  }
}

template <class T>
void add_products(const options& o) {
  if (!has_products<T>()) {
    std::fprintf(stderr, "oneDNN has no %s products for this processor\n", dtype<T>);
    return;
  }
  add_peer<T>(o, "onednn", [](const workload& w, weighing weigh) -> forward_call<T> {
    return [=, attention = std::shared_ptr<onednn_attention<T>>()](const operands<T>& x,
                                                                   const workers& on) mutable {
      if (!attention) attention = std::make_shared<onednn_attention<T>>(w, weigh, x);
      return (*attention)(x, on);
    };
  });
}

}  // namespace

void add_onednn(const options& o) {
  add_products<float>(o);
  add_products<bf16>(o);
}

}  // namespace bench
