// One size at a time over its whole range, the others small and odd: what is left over at the end
// of a register, of a register tile and of a key tile.
#include "skipmax/attention.hpp"
#include "support/check.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

// Every remainder of a register tile's rows and of a panel's keys, whatever the instruction set.
template <class T, class Attention>
void check_rows_and_keys(const Attention& a) {
  for (index rows = 1; rows <= 33; ++rows)
    support::check_against_reference<T>(a, {1, rows, 37, 1, 1, 5, 9}, 1);
  for (index keys = 1; keys <= 70; ++keys)
    support::check_against_reference<T>(a, {1, 5, keys, 1, 1, 5, 9}, 2);
  for (index keys : {127, 128, 129, 255, 256, 257, 383, 384, 385, 511, 512, 513, 767, 1025, 1543})
    support::check_against_reference<T>(a, {1, 17, keys, 1, 1, 7, 5}, 3);
}

template <class T, class Attention>
void check_dims(const Attention& a) {
  for (index dim = 1; dim <= 70; ++dim) {
    support::check_against_reference<T>(a, {1, 9, 37, 1, 1, dim, 3}, 4);
    support::check_against_reference<T>(a, {1, 9, 37, 1, 1, 3, dim}, 5);
  }
  for (index dim : {96, 127, 128, 129, 130, 160, 255, 256, 257, 300}) {
    support::check_against_reference<T>(a, {1, 9, 37, 1, 1, dim, 3}, 6);
    support::check_against_reference<T>(a, {1, 9, 37, 1, 1, 3, dim}, 7);
    support::check_against_reference<T>(a, {1, 15, 69, 1, 1, dim, dim}, 8);
  }
}

// Enough queries for more than one task a head, so that blocks of rows meet.
template <class T, class Attention>
void check_many_queries(const Attention& a) {
  for (index rows : {255, 257, 512, 513, 700, 1031})
    support::check_against_reference<T>(a, {1, rows, 19, 1, 1, 3, 5}, 9);
  support::check_against_reference<T>(a, {1, 300, 300, 1, 1, 64, 64}, 10);
  support::check_against_reference<T>(a, {1, 600, 7, 1, 1, 130, 400}, 11);
}

template <class T, class Attention>
void check_heads(const Attention& a) {
  for (index kv_heads : {1, 2, 3, 5})
    for (index group : {1, 2, 3, 8})
      support::check_against_reference<T>(a, {2, 3, 5, kv_heads * group, kv_heads, 4, 6}, 12);
}

template <class T, class Attention>
void check_all(const Attention& a) {
  check_rows_and_keys<T>(a);
  check_dims<T>(a);
  check_many_queries<T>(a);
  check_heads<T>(a);
}

TEST(sizes, relu_float) {
  check_all<float>(relu_attention{});
}
TEST(sizes, relu_double) {
  check_all<double>(relu_attention{});
}
TEST(sizes, softmax_float) {
  check_all<float>(softmax_attention{});
}
TEST(sizes, softmax_double) {
  check_all<double>(softmax_attention{});
}
TEST(sizes, relu_causal_float) {
  check_all<float>(relu_attention{}.with(causal{}));
}
TEST(sizes, softmax_causal_float) {
  check_all<float>(softmax_attention{}.with(causal{}));
}
TEST(sizes, gelu_float) {
  check_all<float>(relu_attention{}.with(gelu{}));
}

}  // namespace
