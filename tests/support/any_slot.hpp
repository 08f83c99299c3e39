// One of the shipped masks or divisors, chosen at run time, so that the tests that combine
// everything with everything compile one attention for all of them. Each call goes to the shipped
// type; the types themselves are used in tests/attention/masks.cpp and divisors.cpp.
#pragma once

#include <variant>

#include "skipmax/mask/both.hpp"
#include "skipmax/mask/causal.hpp"
#include "skipmax/mask/key_lengths.hpp"
#include "skipmax/mask/no_mask.hpp"
#include "skipmax/normalize/divisor.hpp"
#include "skipmax/reference/visible.hpp"
#include "skipmax/reference/weights.hpp"

namespace support {

struct any_mask {
  std::variant<skipmax::no_mask, skipmax::causal, skipmax::key_lengths,
               skipmax::both<skipmax::key_lengths, skipmax::causal>>
      chosen;

  skipmax::key_range visible(skipmax::row_position at) const {
    return std::visit([&](const auto& mask) { return mask.visible(at); }, chosen);
  }
};

struct any_divisor {
  std::variant<skipmax::visible_keys, skipmax::all_keys, skipmax::fixed_number, skipmax::per_row>
      chosen;

  double length(skipmax::row_position at, skipmax::index visible, skipmax::index all) const {
    return std::visit([&](const auto& d) { return d.length(at, visible, all); }, chosen);
  }
  template <class Mask>
  void check(const skipmax::problem& p, const Mask& mask, skipmax::error_message& error) const {
    std::visit(
        [&](const auto& d) {
          if constexpr (requires { d.check(p, mask, error); }) d.check(p, mask, error);
        },
        chosen);
  }
};

// The definitions of the reference, which it finds by argument-dependent lookup.
template <class Isa>
std::vector<skipmax::index> visible(const any_mask& mask, skipmax::row_position at) {
  return std::visit([&](const auto& m) { return skipmax::reference::visible<Isa>(m, at); },
                    mask.chosen);
}

template <class Isa>
double divisor_of(const any_divisor& divisor, skipmax::row_position at, skipmax::index visible,
                  skipmax::index all) {
  return std::visit(
      [&](const auto& d) { return skipmax::reference::divisor_of<Isa>(d, at, visible, all); },
      divisor.chosen);
}

}  // namespace support
