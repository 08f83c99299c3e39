// What a mask is: the interval of keys that a query row sees.
//
//   key_range visible(row_position at) const;                // [first, last) within [0, at.key_length)
//   void check(const problem&, error_message&) const;        // optional: says what is wrong with it
#pragma once

#include <concepts>

#include "skipmax/error.hpp"
#include "skipmax/problem.hpp"

namespace skipmax {
inline namespace v0 {

template <class M>
concept mask_policy = requires(const M m, row_position at) {
  { m.visible(at) } -> std::same_as<key_range>;
};

}  // namespace v0
}  // namespace skipmax
