// The definition of every row transform: what it makes of one row x of one head, [dim].
//
//   layer_norm    (x - mean) / sqrt(var + eps) * weight + bias
//   rms_norm      x / sqrt(mean(x^2) + eps) * weight, or * (1 + weight)
//   rotary        every point (a, b) of the row turned by its angle in turns[p]
//   gate          x * act(g)
//   no_transform  x
//
// For a transform of your own it is that transform's forward, called in double.
#pragma once

#include <cmath>
#include <cstdlib>
#include <memory>
#include <vector>

#include "skipmax/row/gate.hpp"
#include "skipmax/row/in_turn.hpp"
#include "skipmax/row/layer_norm.hpp"
#include "skipmax/row/rms_norm.hpp"
#include "skipmax/row/rotary.hpp"
#include "skipmax/row/row_transform.hpp"
#include "skipmax/simd/isa.hpp"

namespace skipmax {
inline namespace v0 {
namespace reference {

// Learned number x of one head; `none` if there is no vector.
template <class Isa, class T>
double learned(const head_vector<T>& v, index head, std::size_t x, double none) {
  if (v.is_none()) return none;
  return static_cast<double>(v.row(head)[x]);
}

template <class Isa>
double mean_of(const std::vector<double>& row) {
  double sum = 0;
  for (double x : row) sum += x;
  return sum / static_cast<double>(row.size());
}

template <class Isa, class T>
void transform_row(const layer_norm<T>& norm, row_place at, std::vector<double>& row) {
  const double mean = mean_of<Isa>(row);
  std::vector<double> squares;
  for (double x : row) squares.push_back((x - mean) * (x - mean));
  const double deviation = std::sqrt(mean_of<Isa>(squares) + norm.eps);
  for (std::size_t x = 0; x < row.size(); ++x)
    row[x] = (row[x] - mean) / deviation * learned<Isa>(norm.weight, at.head, x, 1) +
             learned<Isa>(norm.bias, at.head, x, 0);
}

template <class Isa, class T>
void transform_row(const rms_norm<T>& norm, row_place at, std::vector<double>& row) {
  std::vector<double> squares;
  for (double x : row) squares.push_back(x * x);
  const double root = std::sqrt(mean_of<Isa>(squares) + norm.eps);
  for (std::size_t x = 0; x < row.size(); ++x) {
    const double weight = norm.one_plus ? 1 + learned<Isa>(norm.weight, at.head, x, 0)
                                        : learned<Isa>(norm.weight, at.head, x, 1);
    row[x] = row[x] / root * weight;
  }
}

template <class Isa, class T>
void transform_row(const rotary<T>& by, row_place at, std::vector<double>& row) {
  const T* cosines = by.turns + std::abs(at.own_key) * by.dim;
  for (index x = 0; x < by.dim / 2; ++x) {
    const double cosine = cosines[x], sine = (at.own_key < 0 ? -1 : 1) * cosines[by.dim / 2 + x];
    const bool halves = by.layout == rotary_layout::halves;
    double& a = row[static_cast<std::size_t>(halves ? x : 2 * x)];
    double& b = row[static_cast<std::size_t>(halves ? x + by.dim / 2 : 2 * x + 1)];
    const double old = a;
    a = old * cosine - b * sine;
    b = b * cosine + old * sine;
  }
}

template <class Isa, class T, class Act>
void transform_row(const gate<T, Act>& by, row_place at, std::vector<double>& row) {
  const T* g = by.g.row(at.batch, at.position, at.head);
  for (std::size_t x = 0; x < row.size(); ++x)
    row[x] *= by.act.value(static_cast<double>(g[by.g.dim == 1 ? 0 : x]));
}

template <class Isa>
void transform_row(const no_transform&, row_place, std::vector<double>&) {}

template <class Isa, class R>
void transform_row(const R& transform, row_place at, std::vector<double>& row) {
  const std::size_t width = (row.size() + 7) / 8 * 8, alignment = 64;
  std::size_t bytes = (width + 8) * sizeof(double);
  std::vector<double> memory(width + 8);
  void* start = memory.data();
  double* scratch =
      static_cast<double*>(std::align(alignment, width * sizeof(double), start, bytes));
  for (std::size_t x = 0; x < row.size(); ++x) scratch[x] = row[x];
  transform.template forward<Isa, double>(
      at, row_matrix<const double>{scratch, static_cast<index>(width)},
      row_matrix<double>{scratch, static_cast<index>(width)}, index{1},
      static_cast<index>(row.size()));
  for (std::size_t x = 0; x < row.size(); ++x) row[x] = scratch[x];
}

template <class Isa, class First, class Second>
void transform_row(const in_turn<First, Second>& both, row_place at, std::vector<double>& row) {
  transform_row<Isa>(both.first, at, row);
  transform_row<Isa>(both.second, at, row);
}

}  // namespace reference
}  // namespace v0
}  // namespace skipmax
