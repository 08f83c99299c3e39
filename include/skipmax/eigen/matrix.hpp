// Views of Eigen's dense two-dimensional objects: Matrix, Array, Map, Ref and Block. Each holds one
// head of one sequence, or all heads of it side by side.
//
//   as_ld(m)          row-major m [L, D]           -> [1, L, 1, D]
//   as_lhd(m, heads)  row-major m [L, heads * D]   -> [1, L, heads, D]
//   as_dl(m)          column-major m [D, L]        -> [1, L, 1, D], stored like a row-major [L, D]
//
// Gaps may lie between rows (a Block, an OuterStride), but not within a row. The view reads and
// writes m's memory and must not outlive it, so a temporary Matrix or Ref<const> is refused.
// Eigen::bfloat16 and Eigen::half become bf16 and f16.
#pragma once

#include <Eigen/Core>
#include <type_traits>

#include "skipmax/eigen/dim_of_heads.hpp"
#include "skipmax/eigen/elements.hpp"
#include "skipmax/error.hpp"
#include "skipmax/tensor_view.hpp"

namespace skipmax {
inline namespace v0 {

namespace detail {
// Never defined: they find Eigen's base classes, also of types derived from Matrix or Block.
template <class M>
void as_dense(const Eigen::DenseBase<M>&);
template <class M>
void as_plain_object(const Eigen::PlainObjectBase<M>&);
}  // namespace detail

template <class M>
concept eigen_matrix = requires(const std::remove_cvref_t<M>& m) {
  detail::as_dense(m);
};

namespace detail {

template <class M>
inline constexpr bool owns_its_memory = requires(const M& m) {
  detail::as_plain_object(m);
};
template <class M, int Options, class Stride>  // may hold a copy of what it was made from
inline constexpr bool owns_its_memory<Eigen::Ref<const M, Options, Stride>> = true;

// M is deduced from M&&. The caller checks the storage order, and names the function for the other.
template <class M>
SKIPMAX_INLINE constexpr bool check_matrix() {
  using plain = std::remove_cvref_t<M>;
  static_assert(std::is_lvalue_reference_v<M> || !owns_its_memory<std::remove_cv_t<M>>,
                "skipmax: the view of a temporary matrix would dangle: give the matrix a name");
  static_assert((plain::Flags & Eigen::DirectAccessBit) != 0,
                "skipmax: an Eigen expression has no memory to view: evaluate it into a Matrix");
  static_assert(
      plain::InnerStrideAtCompileTime == 1 || plain::InnerStrideAtCompileTime == Eigen::Dynamic,
      "skipmax: the elements of one position must be neighbours, inner stride 1: copy "
      "them into a Matrix");
  return true;
}

// The stored lines of m (its rows if it is row-major), each of heads * dim contiguous elements.
template <class M>
SKIPMAX_INLINE auto stored_lines(M& m, index heads, const char* function) {
  error_message error{};
  const index inner = m.innerStride();
  if (m.innerSize() > 1 && inner != 1)
    error << "skipmax: " << function << ": inner stride: found " << inner
          << ", wanted 1: copy into a Matrix";
  throw_if(error);
  const index dim = dim_of_heads(function, m.innerSize(), heads);
  const index length = m.outerSize(), apart = m.outerStride();
  return lhd(elements(m.data()), length, heads, dim, {length * apart, apart, dim});
}

}  // namespace detail

template <eigen_matrix M>
SKIPMAX_INLINE auto as_ld(M&& m) {
  static_assert(detail::check_matrix<M>());
  static_assert(std::remove_cvref_t<M>::IsRowMajor,
                "skipmax: as_ld takes a row-major Eigen object; for a column-major one of shape "
                "[D, L], the same memory, call as_dl");
  return detail::stored_lines(m, 1, "as_ld");
}

template <eigen_matrix M>
SKIPMAX_INLINE auto as_lhd(M&& m, index heads) {
  static_assert(detail::check_matrix<M>());
  static_assert(std::remove_cvref_t<M>::IsRowMajor,
                "skipmax: as_lhd takes a row-major Eigen object; a column-major one of shape "
                "[D, L], one head, is for as_dl");
  return detail::stored_lines(m, heads, "as_lhd");
}

template <eigen_matrix M>
SKIPMAX_INLINE auto as_dl(M&& m) {
  static_assert(detail::check_matrix<M>());
  static_assert(!std::remove_cvref_t<M>::IsRowMajor,
                "skipmax: as_dl takes a column-major Eigen object; for a row-major one of shape "
                "[L, D], the same memory, call as_ld");
  return detail::stored_lines(m, 1, "as_dl");
}

}  // namespace v0
}  // namespace skipmax
