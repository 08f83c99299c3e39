// One task of a forward call, a block of query rows of one head of one sequence: its place in the
// problem, in the caller's tensors and in the worker's scratch.
#pragma once

#include "skipmax/plan.hpp"
#include "skipmax/simd/prefetch.hpp"

namespace skipmax {
inline namespace v0 {

// Without segments a sequence is an element of the batch axis; with them all lie in element 0.
struct sequence_place {
  index number, batch;           // the sequence as slots count it; its batch element in the tensors
  index first_query, first_key;  // in the tensors
  index query_length, key_length;
};

template <class T, class S>
SKIPMAX_INLINE sequence_place place_sequence(const forward_plan<T, S>& plan, index number) {
  if (!plan.segments.given())
    return {number, number, 0, 0, plan.sizes.query_length, plan.sizes.key_length};
  const index *q = plan.segments.offsets + number, *k = plan.segments.of_keys() + number;
  return {number, 0, q[0], k[0], q[1] - q[0], k[1] - k[0]};
}

// Rows count from the start of the sequence. Tasks beyond the end of a shorter sequence have none.
struct task_place {
  sequence_place in;
  index head, kv_head, first_row, rows;
};

template <class T, class S>
SKIPMAX_INLINE task_place place_task(const forward_plan<T, S>& plan, index number) {
  // The divisor is mostly 1, and a task over 49 keys takes little longer than a few divisions.
  const auto divide = [](index a, index b) SKIPMAX_LAMBDA { return b == 1 ? a : a / b; };
  const index heads = plan.sizes.heads, kv_heads = plan.sizes.kv_heads;
  const index sequence = number / (plan.blocks * heads);
  const index of_sequence = number - sequence * (plan.blocks * heads);
  const index inner = plan.heads_together ? heads : plan.blocks;
  const index quotient = divide(of_sequence, inner), remainder = of_sequence - quotient * inner;
  // The last blocks first: under a causal mask they are the longest.
  const index before = plan.heads_together ? quotient : remainder;
  const index head = plan.heads_together ? remainder : quotient;
  const index first = (plan.blocks - 1 - before) * plan.query_block;
  const sequence_place in = place_sequence(plan, sequence);
  const index rest = in.query_length - first;
  return {in, head, heads == kv_heads ? head : head / (heads / kv_heads), first,
          rest < 0                  ? 0
          : rest < plan.query_block ? rest
                                    : plan.query_block};
}

// The same with its pointers into the worker's scratch, whose layout is in tile/layout.hpp.
template <class T, class S = stored_types<T>>
struct forward_task : task_place {
  using packed = typename S::packed;
  packed *q, *k, *tail, *v, *weights;
  T *scores, *out, *state, *shift, *rows_scratch;
  index* hidden;
};

template <class T, class S>
SKIPMAX_INLINE forward_task<T, S> start_task(const forward_plan<T, S>& plan, index number,
                                             T* scratch) {
  const auto packed = [=](index at) SKIPMAX_LAMBDA {
    return reinterpret_cast<typename S::packed*>(scratch + at);
  };
  return {place_task(plan, number), packed(0),
          packed(plan.k_at),        packed(plan.tail_at),
          packed(plan.v_at),        packed(plan.weights_at),
          scratch + plan.scores_at, scratch + plan.out_at,
          scratch + plan.state_at,  scratch + plan.shift_at,
          scratch + plan.rows_at,   reinterpret_cast<index*>(scratch + plan.hidden_at)};
}

// Of a task's states, that of the row block that holds `row`.
template <class Isa, class Normalizer, index BlockRows, class T>
SKIPMAX_INLINE T* state_of(T* states, index row) {
  return states + row / BlockRows * Normalizer::template state_size<Isa, T>;
}
template <class Isa, class Normalizer, class T>
SKIPMAX_INLINE T* state_of(T* states, index row) {
  return state_of<Isa, Normalizer, register_block<T, Isa>::rows>(states, row);
}

// A row of the task as slots see it.
SKIPMAX_INLINE row_position position_of(const task_place& task, index row) {
  return {task.in.number, task.head, task.first_row + row, task.in.query_length,
          task.in.key_length};
}
// Where a row of the task lies in q and out, without its own_key.
SKIPMAX_INLINE row_place place_of(const task_place& task, index row) {
  return {task.in.batch, task.head, task.in.first_query + task.first_row + row};
}
// With own_key, which row transforms need: for a row of a sequence that is a batch element.
template <class Mask>
SKIPMAX_INLINE row_place place_of(const Mask& mask, row_position at) {
  return {at.batch, at.head, at.query, aligned(mask, at).own_key()};
}
// With own_key, for a row of the task.
template <class Mask>
SKIPMAX_INLINE row_place place_of(const Mask& mask, const task_place& task, index row) {
  row_place place = place_of(task, row);
  place.own_key = aligned(mask, position_of(task, row)).own_key();
  return place;
}
template <class T>
SKIPMAX_INLINE row_matrix<T> rows_at(const tensor_view<T>& x, row_place first) {
  return {x.row(first.batch, first.position, first.head), x.length_stride};
}
// Where key `key` of the task's sequence lies in k and v.
SKIPMAX_INLINE row_place place_of_key(const task_place& task, index key) {
  return {task.in.batch, task.kv_head, task.in.first_key + key, key};
}

// What the next step will read: the next tile of this task, or the start of the worker's next task,
// most likely plan.workers tasks further on.
template <class T, class S>
SKIPMAX_INLINE upcoming_reads upcoming_keys(const forward_plan<T, S>& plan, const task_place& task,
                                            index start, index last, index tile) {
  const index keys = last - start < tile ? last - start : tile;
  const row_place first = place_of_key(task, start);
  return {{},
          upcoming(rows_at(plan.k, first), keys, plan.sizes.key_dim),
          upcoming(rows_at(plan.v, first), keys, plan.sizes.value_dim)};
}

template <class T, class S>
SKIPMAX_INLINE upcoming_reads upcoming_task(const forward_plan<T, S>& plan, index number,
                                            index tile) {
  if (number >= plan.tasks) return {};
  const task_place task = place_task(plan, number);
  upcoming_reads next = upcoming_keys(plan, task, 0, task.in.key_length, tile);
  next.q = upcoming(rows_at(plan.q, place_of(task, 0)), task.rows, plan.sizes.key_dim);
  return next;
}

}  // namespace v0
}  // namespace skipmax
