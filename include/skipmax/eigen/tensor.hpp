// Views of Eigen::Tensor, TensorFixedSize and TensorMap. The letters name the dimensions in the
// order of the tensor's shape: batch, length, heads, dim.
//
//   row-major      [B, L, H, D] as_blhd   [B, H, L, D] as_bhld   [L, H, D] as_lhd   [L, D] as_ld
//   column-major   [D, H, L, B] as_dhlb   [D, L, H, B] as_dlhb   [D, H, L] as_dhl   [D, L] as_dl
//
//   all heads in one dimension:
//   row-major      [B, L, H * D] as_blhd(x, heads)
//   column-major   [H * D, L, B] as_dhlb(x, heads)
//
// Two above each other view the same memory. Eigen's default order is column-major. A fused
// projection, row-major [B, L, (heads + 2 kv_heads) * D], is split without a copy by
// split_qkv(tensor, heads, kv_heads). A view reads and writes the tensor's memory and must not
// outlive it, so a temporary Tensor is refused; a temporary TensorMap is fine. Eigen::bfloat16 and
// Eigen::half become bf16 and f16.
#pragma once

#if __has_include(<unsupported/Eigen/Tensor>)
#include <unsupported/Eigen/Tensor>  // after Eigen 5.0
#else
#include <unsupported/Eigen/CXX11/Tensor>
#endif

#include <type_traits>
#include <utility>

#include "skipmax/eigen/dim_of_heads.hpp"
#include "skipmax/eigen/elements.hpp"
#include "skipmax/error.hpp"
#include "skipmax/tensor_view.hpp"

namespace skipmax {
inline namespace v0 {

namespace detail {
template <class T>  // never defined
void as_tensor(const Eigen::TensorBase<T, Eigen::ReadOnlyAccessors>&);
}  // namespace detail

template <class T>
concept eigen_tensor = requires(const std::remove_cvref_t<T>& t) {
  detail::as_tensor(t);
};

namespace detail {

template <class T>
inline constexpr bool is_tensor_map = false;
template <class Plain, int Options, template <class> class MakePointer>
inline constexpr bool is_tensor_map<Eigen::TensorMap<Plain, Options, MakePointer>> = true;

// T is deduced from T&&. The caller checks rank and order, and names the function that fits. Called
// in a static_assert, so that these messages come before any follow-on errors.
template <class T>
SKIPMAX_INLINE constexpr bool check_tensor() {
  static_assert(
      requires(T & t) { t.data(); },
      "skipmax: a tensor expression has no memory to view: evaluate it into a Tensor, or take "
      "positions(view, first, last) or sequence(view, b) of a view of the whole");
  static_assert(std::is_lvalue_reference_v<T> || is_tensor_map<std::remove_cv_t<T>>,
                "skipmax: the view of a temporary tensor would dangle: give the tensor a name");
  return true;
}

template <class T>
inline constexpr int rank_of = static_cast<int>(std::remove_cvref_t<T>::NumDimensions);
template <class T>
inline constexpr bool is_row_major =
    static_cast<int>(Eigen::internal::traits<std::remove_cvref_t<T>>::Layout) ==
    static_cast<int>(Eigen::RowMajor);

}  // namespace detail

template <eigen_tensor T>
SKIPMAX_INLINE auto as_blhd(T&& t) {
  static_assert(detail::check_tensor<T>());
  static_assert(detail::rank_of<T> == 4,
                "skipmax: as_blhd takes 4 dimensions [B, L, H, D]; for [B, L, H * D] call "
                "as_blhd(x, heads), for [L, H, D] as_lhd, for [L, D] as_ld");
  static_assert(detail::is_row_major<T>,
                "skipmax: as_blhd takes a row-major tensor; for a column-major one of shape "
                "[D, H, L, B], the same memory, call as_dhlb");
  return blhd(detail::elements(t.data()), t.dimension(0), t.dimension(1), t.dimension(2),
              t.dimension(3));
}

template <eigen_tensor T>
SKIPMAX_INLINE auto as_bhld(T&& t) {
  static_assert(detail::check_tensor<T>());
  static_assert(detail::rank_of<T> == 4,
                "skipmax: as_bhld takes 4 dimensions [B, H, L, D]; for [L, D] call as_ld");
  static_assert(detail::is_row_major<T>,
                "skipmax: as_bhld takes a row-major tensor; for a column-major one of shape "
                "[D, L, H, B], the same memory, call as_dlhb");
  return bhld(detail::elements(t.data()), t.dimension(0), t.dimension(1), t.dimension(2),
              t.dimension(3));
}

template <eigen_tensor T>
SKIPMAX_INLINE auto as_lhd(T&& t) {
  static_assert(detail::check_tensor<T>());
  static_assert(detail::rank_of<T> == 3,
                "skipmax: as_lhd takes 3 dimensions [L, H, D]; for [B, L, H, D] call as_blhd, for "
                "[B, L, H * D] as_blhd(x, heads), for [L, D] as_ld");
  static_assert(detail::is_row_major<T>,
                "skipmax: as_lhd takes a row-major tensor; for a column-major one of shape "
                "[D, H, L], the same memory, call as_dhl");
  return lhd(detail::elements(t.data()), t.dimension(0), t.dimension(1), t.dimension(2));
}

template <eigen_tensor T>
SKIPMAX_INLINE auto as_ld(T&& t) {
  static_assert(detail::check_tensor<T>());
  static_assert(detail::rank_of<T> == 2,
                "skipmax: as_ld takes 2 dimensions [L, D]; for [L, H, D] call as_lhd, for "
                "[B, L, H, D] as_blhd");
  static_assert(detail::is_row_major<T>,
                "skipmax: as_ld takes a row-major tensor; for a column-major one of shape [D, L], "
                "the same memory, call as_dl");
  return ld(detail::elements(t.data()), t.dimension(0), t.dimension(1));
}

template <eigen_tensor T>
SKIPMAX_INLINE auto as_dhlb(T&& t) {
  static_assert(detail::check_tensor<T>());
  static_assert(detail::rank_of<T> == 4,
                "skipmax: as_dhlb takes 4 dimensions [D, H, L, B]; for [H * D, L, B] call "
                "as_dhlb(x, heads), for [D, H, L] as_dhl, for [D, L] as_dl");
  static_assert(!detail::is_row_major<T>,
                "skipmax: as_dhlb takes a column-major tensor; for a row-major one of shape "
                "[B, L, H, D], the same memory, call as_blhd");
  return blhd(detail::elements(t.data()), t.dimension(3), t.dimension(2), t.dimension(1),
              t.dimension(0));
}

template <eigen_tensor T>
SKIPMAX_INLINE auto as_dlhb(T&& t) {
  static_assert(detail::check_tensor<T>());
  static_assert(detail::rank_of<T> == 4,
                "skipmax: as_dlhb takes 4 dimensions [D, L, H, B]; for [D, L] call as_dl");
  static_assert(!detail::is_row_major<T>,
                "skipmax: as_dlhb takes a column-major tensor; for a row-major one of shape "
                "[B, H, L, D], the same memory, call as_bhld");
  return bhld(detail::elements(t.data()), t.dimension(3), t.dimension(2), t.dimension(1),
              t.dimension(0));
}

template <eigen_tensor T>
SKIPMAX_INLINE auto as_dhl(T&& t) {
  static_assert(detail::check_tensor<T>());
  static_assert(detail::rank_of<T> == 3,
                "skipmax: as_dhl takes 3 dimensions [D, H, L]; for [D, H, L, B] call as_dhlb, for "
                "[D, L] as_dl");
  static_assert(!detail::is_row_major<T>,
                "skipmax: as_dhl takes a column-major tensor; for a row-major one of shape "
                "[L, H, D], the same memory, call as_lhd");
  return lhd(detail::elements(t.data()), t.dimension(2), t.dimension(1), t.dimension(0));
}

template <eigen_tensor T>
SKIPMAX_INLINE auto as_dl(T&& t) {
  static_assert(detail::check_tensor<T>());
  static_assert(detail::rank_of<T> == 2,
                "skipmax: as_dl takes 2 dimensions [D, L]; for [D, H, L] call as_dhl, for "
                "[D, H, L, B] as_dhlb");
  static_assert(!detail::is_row_major<T>,
                "skipmax: as_dl takes a column-major tensor; for a row-major one of shape [L, D], "
                "the same memory, call as_ld");
  return ld(detail::elements(t.data()), t.dimension(1), t.dimension(0));
}

// [B, L, heads * D]: all heads side by side, as a projection leaves them.
template <eigen_tensor T>
SKIPMAX_INLINE auto as_blhd(T&& t, index heads) {
  static_assert(detail::check_tensor<T>());
  static_assert(detail::rank_of<T> == 3,
                "skipmax: as_blhd(x, heads) takes 3 dimensions [B, L, heads * D]; for "
                "[B, L, H, D] call as_blhd(x)");
  static_assert(detail::is_row_major<T>,
                "skipmax: as_blhd takes a row-major tensor; for a column-major one of shape "
                "[heads * D, L, B], the same memory, call as_dhlb(x, heads)");
  const index dim = detail::dim_of_heads("as_blhd", t.dimension(2), heads);
  return blhd(detail::elements(t.data()), t.dimension(0), t.dimension(1), heads, dim);
}
// The same, column-major: [heads * D, L, B].
template <eigen_tensor T>
SKIPMAX_INLINE auto as_dhlb(T&& t, index heads) {
  static_assert(detail::check_tensor<T>());
  static_assert(detail::rank_of<T> == 3,
                "skipmax: as_dhlb(x, heads) takes 3 dimensions [heads * D, L, B]; for "
                "[D, H, L, B] call as_dhlb(x)");
  static_assert(!detail::is_row_major<T>,
                "skipmax: as_dhlb takes a column-major tensor; for a row-major one of shape "
                "[B, L, heads * D], the same memory, call as_blhd(x, heads)");
  const index dim = detail::dim_of_heads("as_dhlb", t.dimension(0), heads);
  return blhd(detail::elements(t.data()), t.dimension(2), t.dimension(1), heads, dim);
}

// The last dimension holds all heads of q, then of k, then of v.
template <eigen_tensor T>
SKIPMAX_INLINE auto split_qkv(T&& t, index heads, index kv_heads) {
  static_assert(detail::check_tensor<T>());
  static_assert(detail::rank_of<T> == 3,
                "skipmax: split_qkv takes 3 dimensions [B, L, (heads + 2 kv_heads) * D]; for "
                "others call split_qkv(pointer, batch, length, heads, kv_heads, dim)");
  static_assert(detail::is_row_major<T>,
                "skipmax: split_qkv takes a row-major tensor; for others call "
                "split_qkv(pointer, batch, length, heads, kv_heads, dim)");
  const index width = t.dimension(2), largest = index{1} << 32;
  error_message error{};
  if (heads < 1)
    error << "skipmax: split_qkv: heads: found " << heads << ", wanted at least 1";
  else if (kv_heads < 1)
    error << "skipmax: split_qkv: kv_heads: found " << kv_heads << ", wanted at least 1";
  else if (heads > largest || kv_heads > largest || width % (heads + 2 * kv_heads) != 0)
    error << "skipmax: split_qkv: width: found " << width << ", wanted a multiple of " << heads
          << " heads of q and twice " << kv_heads << " of k and v";
  throw_if(error);
  return split_qkv(detail::elements(t.data()), t.dimension(0), t.dimension(1), heads, kv_heads,
                   width / (heads + 2 * kv_heads));
}
template <eigen_tensor T>
SKIPMAX_INLINE auto split_qkv(T&& t, index heads) {
  return split_qkv(std::forward<T>(t), heads, heads);
}

}  // namespace v0
}  // namespace skipmax
