// The same slots as types of their own, so that the calls take the paths that only some types have:
// scores that stay in registers, gates applied in registers, rows that see alike, diagonals.
#include "slot_pairs.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

// dress(dressing, problem) is the attention.
template <class T, class Dress>
void check(const Dress& dress) {
  for (std::uint64_t n = 0; n < (support::sanitized ? 8 : 60); ++n) {
    const problem p = support::nth_shape(3000 + n);
    support::dressing<T> slots(p, p, n);
    support::operands<T> x(p, n, support::mixed_layouts(n));
    SCOPED_TRACE(support::text(p));
    support::check_rows(dress(slots, p), x, 2e-3);
  }
}

template <class T>
key_lengths padded(const support::dressing<T>& s) {
  return {s.lengths.data(), s.sequences.batch};
}
template <class T>
dense_mask<> flags(const support::dressing<T>& s) {
  const problem& p = s.sequences;
  return {s.flags.data(), p.batch, p.heads, p.query_length, p.key_length};
}
template <class T>
dense_bias<T> dense(const support::dressing<T>& s) {
  const problem& p = s.sequences;
  return {s.dense.data(), p.batch, p.heads, p.query_length, p.key_length};
}
template <class T>
relative_bias<T> relative(const support::dressing<T>& s) {
  return {s.table.data(), s.sequences.heads, -25, 40};
}
template <class T>
alibi slopes(const support::dressing<T>& s) {
  return {s.slopes.data(), s.sequences.heads};
}
template <class T>
layer_norm<T> norm(const support::dressing<T>& s, index dim) {
  const head_vector<T> numbers{s.learned.data(), dim};
  return {numbers, numbers, 0.05};
}

TEST(slot_pairs_typed, relu_causal_qk_norm_gate) {
  check<float>([](auto& s, const problem& p) {
    const auto of_key_dim = norm(s, p.key_dim);
    return relu_attention{}
        .with(causal{})
        .with(qk_rows{of_key_dim, of_key_dim})
        .with(gate{s.g.read(), sigmoid{}});
  });
}
TEST(slot_pairs_typed, relu_window_dense_bias_gate_of_heads) {
  check<float>([](auto& s, const problem&) {
    return relu_attention{}
        .with(sliding_window{30, 5})
        .with(dense(s))
        .with(gate{s.g_of_heads.read(), silu{}});
  });
}
TEST(slot_pairs_typed, softmax_padded_alibi_qk_norm_gate) {
  check<float>([](auto& s, const problem& p) {
    const auto of_key_dim = norm(s, p.key_dim);
    return softmax_attention{}
        .with(padded(s))
        .with(slopes(s))
        .with(qk_rows{of_key_dim, of_key_dim})
        .with(gate{s.g.read()});
  });
}
TEST(slot_pairs_typed, softmax_padded_diagonal_relative_bias_norm_of_out) {
  check<float>([](auto& s, const problem& p) {
    return softmax_attention{}
        .with(both{padded(s), causal{}})
        .with(relative(s))
        .with(on_out{norm(s, p.value_dim)});
  });
}
TEST(slot_pairs_typed, silu_causal_relative_bias_norm_and_gate) {
  check<float>([](auto& s, const problem& p) {
    return attention<silu, unnormalized>{}
        .with(causal{})
        .with(relative(s))
        .with(on_out{norm(s, p.value_dim)})
        .with(gate{s.g.read(), silu{}});
  });
}
TEST(slot_pairs_typed, squared_relu_flags_gate) {
  check<float>([](auto& s, const problem&) {
    return squared_relu_attention{}.with(flags(s)).with(gate{s.g.read(), sigmoid{}});
  });
}
TEST(slot_pairs_typed, relu_flags_of_padded_alibi) {
  check<float>([](auto& s, const problem&) {
    return relu_attention{}.with(both{padded(s), flags(s)}).with(slopes(s));
  });
}
TEST(slot_pairs_typed, sigmoid_padded_diagonal_cap_dense_bias_double) {
  check<double>([](auto& s, const problem&) {
    return sigmoid_attention{}
        .with(both{causal{}, padded(s)})
        .with(softcap{3})
        .with(dense(s))
        .with(gate{s.g.read()});
  });
}
TEST(slot_pairs_typed, softmax_window_norm_of_q_gate_double) {
  check<double>([](auto& s, const problem& p) {
    return softmax_attention{}
        .with(sliding_window{30, 5})
        .with(on_q{norm(s, p.key_dim)})
        .with(gate{s.g.read(), silu{}});
  });
}

}  // namespace
