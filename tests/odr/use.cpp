// One use of the library. NAME tells the two builds of this file apart; all else that they define
// must carry the instruction set in its name, or leave no symbol.
#include "use.hpp"
#include "skipmax/attention.hpp"
#include "skipmax/kv_cache.hpp"
#include "skipmax/transform_rows.hpp"

using namespace skipmax;

void NAME(view q, view k, view v, const dressing& with, const results& out) {
  relu_attention{}.forward(q, k, v, out.relu);
  softmax_attention{}
      .with(segments{with.offsets, 2, with.key_offsets})
      .forward(q, k, v, out.softmax_of_two);
  const head_vector weight{with.weight, q.dim}, shift{with.shift, q.dim};
  relu_attention{}
      .with(dense_bias{with.bias, 1, 1, q.length, k.length})
      .with(dense_mask{with.shown, 1, 1, q.length, k.length})
      .with(qk_layernorm{weight, weight, 1e-6})
      .with(on_out{layer_norm{weight, shift, 1e-6}})
      .with(gate{with.gate, silu{}})
      .forward(q, k, v, out.dressed);
  transform_rows(rms_norm<float>{}, out.dressed, out.dressed);

  kv_cache<float> cache(1, 1, k.length, k.dim);
  cache.append(k, v);
  relu_attention{}.decode(q, cache.k(), cache.v(), cache.lengths(), out.decoded);
  partial<float> part, other;
  const softmax_attention f{};
  const auto shard = [&](view x, skipmax::index first, skipmax::index keys) {
    return ld(x.row(0, first, 0), keys, x.dim);
  };
  f.forward_partial(q, shard(k, 0, 30), shard(v, 0, 30), {0, k.length}, part);
  f.forward_partial(q, shard(k, 30, k.length - 30), shard(v, 30, k.length - 30), {30, k.length},
                    other);
  f.merge(part, other);
  f.finish(part, out.merged);
}
