// bf16 and f16 against their definition in double, as numbers and as registers: every number there
// is, and every float that lies half way between two of them, or just beside.
#include "skipmax/half.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "skipmax/simd/storage.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

static_assert(std::is_trivial_v<bf16> && std::is_standard_layout_v<bf16> && sizeof(bf16) == 2);
static_assert(std::is_trivial_v<f16> && std::is_standard_layout_v<f16> && sizeof(f16) == 2);
static_assert(!std::is_convertible_v<float, bf16> && !std::is_convertible_v<float, f16>);

struct format {
  int mantissa, bias;
};
constexpr format format_of(bf16) {
  return {7, 127};
}
constexpr format format_of(f16) {
  return {10, 15};
}

template <class S>
S with_bits(int bits) {
  S x;
  x.bits = static_cast<std::uint16_t>(bits);
  return x;
}

// (-1)^sign * 1.mantissa * 2^(exponent - bias), or 0.mantissa * 2^(1 - bias).
template <class S>
double by_definition(int bits) {
  const format f = format_of(S{});
  const int mantissa = bits & ((1 << f.mantissa) - 1);
  const int exponent = (bits & 0x7fff) >> f.mantissa;
  const double one = std::ldexp(1.0, f.mantissa);
  double size = exponent > 0 ? std::ldexp(one + mantissa, exponent - f.bias - f.mantissa)
                             : std::ldexp(double(mantissa), 1 - f.bias - f.mantissa);
  if (exponent == (0x7fff >> f.mantissa))
    size = mantissa == 0 ? std::numeric_limits<double>::infinity()
                         : std::numeric_limits<double>::quiet_NaN();
  return bits & 0x8000 ? -size : size;
}

// The same number with the same sign, or both NaN.
bool equal(double a, double b) {
  return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b);
}

// A register at a time.
template <class S>
std::vector<float> widened(const std::vector<S>& from) {
  constexpr auto W = static_cast<std::size_t>(lanes<float, native_isa>);
  std::vector<float> to(from.size());
  for (std::size_t i = 0; i + W <= from.size(); i += W)
    load_stored<native_isa, float>(from.data() + i).store_unaligned(to.data() + i);
  return to;
}
template <class S>
std::vector<S> narrowed(std::vector<float> from) {
  constexpr auto W = static_cast<std::size_t>(lanes<float, native_isa>);
  from.resize((from.size() + W - 1) / W * W);
  std::vector<S> to(from.size());
  for (std::size_t i = 0; i < from.size(); i += W)
    store_rounded<native_isa, float>(to.data() + i,
                                     simd<float, native_isa>::load_unaligned(from.data() + i));
  return to;
}

template <class S>
void check_every_number() {
  std::vector<S> all;
  for (int bits = 0; bits < 0x10000; ++bits) all.push_back(with_bits<S>(bits));
  const std::vector<float> floats = widened(all);
  const std::vector<S> back = narrowed<S>(floats);
  for (int bits = 0; bits < 0x10000; ++bits) {
    const auto n = static_cast<std::size_t>(bits);
    const double wanted = by_definition<S>(bits);
    ASSERT_TRUE(equal(static_cast<float>(all[n]), wanted)) << std::hex << bits;
    ASSERT_TRUE(equal(floats[n], wanted)) << std::hex << bits;
    const S again(floats[n]);
    if (std::isnan(wanted)) {
      ASSERT_TRUE(std::isnan(by_definition<S>(again.bits))) << std::hex << bits;
      ASSERT_TRUE(std::isnan(by_definition<S>(back[n].bits))) << std::hex << bits;
    } else {
      ASSERT_EQ(again.bits, bits);
      ASSERT_EQ(back[n].bits, bits);
    }
  }
}

TEST(half, every_bf16) {
  check_every_number<bf16>();
}
TEST(half, every_f16) {
  check_every_number<f16>();
}

// Half way between a number and the next, ties go to even; their neighbours go to the nearer
// number. The number after the largest would be 2^(largest exponent + 1), which is infinity here.
template <class S>
void check_ties() {
  const format f = format_of(S{});
  const int infinity = 0x7fff >> f.mantissa << f.mantissa;
  std::vector<float> from;
  std::vector<int> wanted;
  const auto add = [&](float x, int bits) {
    from.push_back(x), wanted.push_back(bits);
    from.push_back(-x), wanted.push_back(bits | 0x8000);
  };
  for (int bits = 0; bits < infinity; ++bits) {
    const double low = by_definition<S>(bits);
    const double high = bits + 1 < infinity ? by_definition<S>(bits + 1)
                                            : std::ldexp(1.0, (infinity >> f.mantissa) - f.bias);
    const auto tie = static_cast<float>((low + high) / 2);
    ASSERT_EQ(static_cast<double>(tie), (low + high) / 2);
    add(tie, bits + bits % 2);
    add(std::nextafter(tie, 0.f), bits);
    add(std::nextafter(tie, std::numeric_limits<float>::infinity()), bits + 1);
  }
  add(std::numeric_limits<float>::max(), infinity);
  add(std::numeric_limits<float>::denorm_min(), 0);
  const std::vector<S> found = narrowed<S>(from);
  for (std::size_t n = 0; n < from.size(); ++n) {
    ASSERT_EQ(S(from[n]).bits, wanted[n]) << from[n];
    ASSERT_EQ(found[n].bits, wanted[n]) << from[n];
  }
}

TEST(half, ties_bf16) {
  check_ties<bf16>();
}
TEST(half, ties_f16) {
  check_ties<f16>();
}

// NaN of any payload, even one that is only in the bits that are cut off.
template <class S>
void check_nan() {
  std::vector<float> from;
  for (std::uint32_t payload = 1; payload < 0x800000u; payload += payload < 0x4000u ? 1 : 997)
    for (std::uint32_t sign : {0u, 0x80000000u})
      from.push_back(__builtin_bit_cast(float, 0x7f800000u | sign | payload));
  const std::vector<S> found = narrowed<S>(from);
  for (std::size_t n = 0; n < from.size(); ++n) {
    ASSERT_TRUE(std::isnan(by_definition<S>(S(from[n]).bits)));
    ASSERT_TRUE(std::isnan(by_definition<S>(found[n].bits)));
  }
}

TEST(half, nan_stays_nan) {
  check_nan<bf16>();
  check_nan<f16>();
}

}  // namespace
