// Shipped masks, biases and row transforms, one of each chosen at run time, for the tests that
// combine everything with everything; and the numbers that they point to.
#pragma once

#include <limits>
#include <variant>
#include <vector>

#include "skipmax/attention.hpp"
#include "skipmax/reference/forward.hpp"
#include "support/operands.hpp"
#include "support/random.hpp"

namespace support {

template <class T>
using any_bias_slot = std::variant<skipmax::no_bias, skipmax::alibi, skipmax::relative_bias<T>,
                                   skipmax::dense_bias<T>>;
using any_mask_slot =
    std::variant<skipmax::no_mask, skipmax::causal, skipmax::sliding_window, skipmax::key_lengths,
                 skipmax::both<skipmax::causal, skipmax::key_lengths>,
                 skipmax::both<skipmax::key_lengths, skipmax::causal>, skipmax::dense_mask<>,
                 skipmax::both<skipmax::sliding_window, skipmax::bit_mask>>;
template <class T>
using any_transform_slot =
    std::variant<skipmax::no_transform, skipmax::layer_norm<T>, skipmax::rms_norm<T>,
                 skipmax::gate<T, skipmax::silu>, skipmax::gate<T, skipmax::sigmoid>>;

template <class T>
struct any_bias_of {
  static constexpr bool hides_keys = true;
  any_bias_slot<T> chosen;

  template <class V>
  V bias(skipmax::row_position at, index key) const {
    return std::visit([&](const auto& b) { return b.template bias<V>(at, key); }, chosen);
  }
  void check(const problem& p, skipmax::error_message& error) const {
    std::visit(
        [&](const auto& b) {
          if constexpr (requires { b.check(p, error); }) b.check(p, error);
        },
        chosen);
  }
};

struct any_mask_of {
  static constexpr bool hides_keys = true;
  any_mask_slot chosen;

  skipmax::key_range visible(skipmax::row_position at) const {
    return std::visit([&](const auto& m) { return m.visible(at); }, chosen);
  }
  index sequence_end(skipmax::row_position at) const {
    return std::visit([&](const auto& m) { return skipmax::cut_to_sequence(m, at).key_length; },
                      chosen);
  }
  skipmax::row_position aligned(skipmax::row_position at) const {
    return std::visit([&](const auto& m) { return skipmax::aligned(m, at); }, chosen);
  }
  template <class V>
  V bias(skipmax::row_position at, index key) const {
    return std::visit(
        [&](const auto& m) {
          if constexpr (skipmax::hides_single_keys<std::decay_t<decltype(m)>>)
            return m.template bias<V>(at, key);
          else
            return V(0);
        },
        chosen);
  }
  void check(const problem& p, skipmax::error_message& error) const {
    std::visit(
        [&](const auto& m) {
          if constexpr (requires { m.check(p, error); }) m.check(p, error);
        },
        chosen);
  }
};

// A transform of q, k or out, or a gate.
template <class T>
struct any_transform {
  any_transform_slot<T> chosen;

  template <class Isa, class U>
  void forward(skipmax::row_place first, skipmax::row_matrix<const U> from,
               skipmax::row_matrix<U> to, index rows, index dim) const {
    std::visit(
        [&](const auto& t) {
          if constexpr (std::is_same_v<T, U>)
            t.template forward<Isa, T>(first, {from.data, from.stride}, {to.data, to.stride}, rows,
                                       dim);
        },
        chosen);
    // no_transform copies by itself: only a U that is not T needs this
    if (chosen.index() == 0 && from.data != to.data)
      for (index r = 0; r < rows; ++r)
        for (index x = 0; x < dim; ++x) to.data[r * to.stride + x] = from.data[r * from.stride + x];
  }
  void check(const problem& p, index heads, index dim, skipmax::error_message& error) const {
    std::visit(
        [&](const auto& t) {
          if constexpr (requires { t.check(p, heads, dim, error); }) t.check(p, heads, dim, error);
        },
        chosen);
  }
};
template <class T>
struct any_gate : any_transform<T> {
  static constexpr bool is_gate = true;
};

// The definitions of the reference, which it finds by argument-dependent lookup.
template <class Isa>
std::vector<index> visible(const any_mask_of& mask, skipmax::row_position at) {
  return std::visit([&](const auto& m) { return skipmax::reference::visible<Isa>(m, at); },
                    mask.chosen);
}
template <class Isa, class T>
void transform_row(const any_transform<T>& t, skipmax::row_place at, std::vector<double>& row) {
  std::visit([&](const auto& x) { skipmax::reference::transform_row<Isa>(x, at, row); }, t.chosen);
}
template <class Isa, class T>
void transform_row(const any_gate<T>& t, skipmax::row_place at, std::vector<double>& row) {
  transform_row<Isa>(static_cast<const any_transform<T>&>(t), at, row);
}

// The numbers that the slots of one problem point to.
template <class T>
struct dressing {
  problem tensors, sequences;  // as the views have it; as masks and biases see it
  std::vector<index> lengths;
  std::vector<std::uint8_t> flags, bits;
  std::vector<double> slopes;
  std::vector<T> table, dense, learned;
  tensor<T> g, g_of_heads;

  dressing(const problem& views, const problem& seen, std::uint64_t seed)
      : tensors(views),
        sequences(seen),
        g(views.batch, views.query_length, views.heads, views.value_dim,
          layouts[seed % layout_count]),
        g_of_heads(views.batch, views.query_length, views.heads, 1) {
    std::uint64_t n = 0;
    const auto next = [&] { return n++; };
    for (index b = 0; b < seen.batch; ++b)
      lengths.push_back(whole(seed, next(), 0, static_cast<int>(seen.key_length)));
    const index pairs = seen.batch * seen.heads * seen.query_length * seen.key_length;
    for (index i = 0; i < pairs; ++i) flags.push_back(whole(seed, next(), 0, 2) == 0 ? 0 : 1);
    const index bytes = (seen.key_length + 7) / 8;
    for (index i = 0; i < seen.query_length * bytes; ++i)
      bits.push_back(static_cast<std::uint8_t>(whole(seed, next(), 0, 255)));
    for (index i = 0; i < pairs; ++i)
      dense.push_back(whole(seed, next(), 0, 4) == 0
                          ? -std::numeric_limits<T>::infinity()
                          : static_cast<T>(uniform(seed, next(), -2, 2)));
    for (index h = 0; h < seen.heads; ++h) slopes.push_back(uniform(seed, next(), 0, 0.5));
    for (index i = 0; i < seen.heads * 40; ++i)
      table.push_back(static_cast<T>(uniform(seed, next(), -2, 2)));
    const index most =
        std::max(views.key_dim, views.value_dim) * std::max(views.heads, views.kv_heads);
    for (index i = 0; i < most; ++i)
      learned.push_back(static_cast<T>(uniform(seed, next(), 0.5, 2)));
    g.fill_uniform(seed + 1, -2, 2);
    g_of_heads.fill_uniform(seed + 2, -2, 2);
  }

  any_mask_of mask(int kind) const {
    const problem& p = sequences;
    const skipmax::key_lengths padded{lengths.data(), p.batch};
    const skipmax::dense_mask<> dense_flags{flags.data(), p.batch, p.heads, p.query_length,
                                            p.key_length};
    const skipmax::bit_mask packed{bits.data(), 1, 1, p.query_length, p.key_length};
    switch (kind) {
      case 0:
        return {skipmax::no_mask{}};
      case 1:
        return {skipmax::causal{}};
      case 2:
        return {skipmax::sliding_window{7, 20}};
      case 3:
        return {padded};
      case 4:
        return {skipmax::both<skipmax::causal, skipmax::key_lengths>{{}, padded}};
      case 5:
        return {skipmax::both<skipmax::key_lengths, skipmax::causal>{padded, {}}};
      case 6:
        return {dense_flags};
      default:
        return {skipmax::both<skipmax::sliding_window, skipmax::bit_mask>{{11, 5}, packed}};
    }
  }
  static constexpr int mask_kinds = 8;

  any_bias_of<T> bias(int kind) const {
    const problem& p = sequences;
    switch (kind) {
      case 0:
        return {skipmax::no_bias{}};
      case 1:
        return {skipmax::alibi{slopes.data(), p.heads}};
      case 2:
        return {skipmax::relative_bias<T>{table.data(), p.heads, -25, 40}};
      default:
        return {
            skipmax::dense_bias<T>{dense.data(), p.batch, p.heads, p.query_length, p.key_length}};
    }
  }
  static constexpr int bias_kinds = 4;

  // for rows of `dim` elements of `heads` heads; eps is large, so that rows of two or three nearly
  // equal elements do not magnify earlier rounding
  any_transform<T> norm(int kind, index heads, index dim) const {
    const skipmax::head_vector<T> shared{learned.data(), dim}, of_heads{learned.data(), dim, heads};
    switch (kind) {
      case 0:
        return {skipmax::no_transform{}};
      case 1:
        return {skipmax::layer_norm<T>{shared, of_heads, 0.05}};
      default:
        return {skipmax::rms_norm<T>{of_heads, 0.05, true}};
    }
  }
  static constexpr int norm_kinds = 3;

  any_gate<T> gate(int kind) {
    switch (kind) {
      case 0:
        return {{skipmax::no_transform{}}};
      case 1:
        return {{skipmax::gate<T, skipmax::silu>{g.read(), {}}}};
      default:
        return {{skipmax::gate<T, skipmax::sigmoid>{g_of_heads.read(), {}}}};
    }
  }
  static constexpr int gate_kinds = 3;
};

}  // namespace support
