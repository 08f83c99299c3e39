// Every slot of the library, the reference and the checker at least once: to look at the symbols,
// never run.
#include "skipmax/attention.hpp"
#include "skipmax/execution/thread_pool.hpp"
#include "skipmax/reference/forward.hpp"
#include "skipmax/testing/check_score_function.hpp"
#include "skipmax/transform_rows.hpp"
#include "use.hpp"

using namespace skipmax;

void use_every_slot(tensor_view<const double> q, tensor_view<double> out, const double* lengths,
                    const skipmax::index* visible, thread_pool& pool, workspace& scratch) {
  const compose smooth{gelu{}, compose{gelu_erf{}, compose{laplace{}, silu{}}}};
  const compose others{softplus{}, compose{relu6{}, compose{squared_relu{}, sigmoid{1}}}};
  const both mask{key_lengths{visible, q.batch}, causal{}};
  const by_length divided{0.5, per_row{lengths, 1, q.length}};

  const auto all = attention<compose<decltype(smooth), decltype(others)>>{{smooth, others}}
                       .with(divided)
                       .with(mask)
                       .with(softcap{30})
                       .with(scale{0.1});
  all.forward(q, q, q, out, pool, scratch);
  reference::forward(all, q, q, q, out);
  testing::check_score_function(all.score);
}

void use_float(view q, out_view out) {
  const compose scores{relu{}, identity{}};
  attention<decltype(scores), unnormalized>{scores}.forward(q, q, q, out);
  sigmoid_attention{}.with(minus_log_length{fixed_number{8}}).forward(q, q, q, out);
  softmax_attention{}.with(causal{}).forward(q, q, q, out);
}

struct learned {
  const float* numbers;
  const skipmax::index* offsets;
  const std::uint8_t* bits;
  double* slopes;
  float* table;
  view gates;
};

void use_biases_and_norms(view q, out_view out, const learned& with, thread_pool& pool) {
  alibi_slopes(with.slopes, q.heads);
  expand_t5_buckets(with.numbers, 32, 128, true, with.table, q.heads, -q.length, 2 * q.length);
  const head_vector weight{with.numbers, q.dim, q.heads};
  const auto one =
      softmax_attention{}
          .with(both{sliding_window{9, 9}, bit_mask{with.bits, 1, 1, q.length, q.length}})
          .with(alibi{with.slopes, q.heads})
          .with(qk_rmsnorm{weight, weight, 1e-6, true})
          .with(on_out{rms_norm{weight}})
          .with(gate{with.gates, sigmoid{1}});
  one.forward(q, q, q, out, pool);
  const auto other = sigmoid_attention{}
                         .with(relative_bias{with.table, q.heads, -q.length, 2 * q.length})
                         .with(qk_rows{layer_norm<float>{}, no_transform{}})
                         .with(on_k{rms_norm{weight}})
                         .with(gate{with.gates})
                         .with(segments{with.offsets, 3});
  other.forward(q, q, q, out, pool);
  relu_attention{}
      .with(relative_bias<float, true>{with.table, q.heads, -q.length, 2 * q.length})
      .with(key_lengths{with.offsets, q.batch})
      .forward(q, q, q, out);
  transform_rows(layer_norm{weight, weight}, q, out, pool);
}

void use_dressed_reference(tensor_view<const double> q, tensor_view<double> out, const double* bias,
                           const bool* shown) {
  const auto all = attention<silu, unnormalized>{}
                       .with(dense_mask{shown, 1, 1, q.length, q.length})
                       .with(dense_bias{bias, 1, 1, q.length, q.length})
                       .with(qk_layernorm<double>{})
                       .with(on_out{layer_norm<double>{}})
                       .with(gate{q});
  all.forward(q, q, q, out);
  reference::forward(all, q, q, q, out);
}
