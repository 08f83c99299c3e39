// The cache holds what was appended, where decode looks for it.
#include "skipmax/kv_cache.hpp"

#include <stdexcept>
#include <string>
#include <utility>

#include "support/decode.hpp"

namespace {

using namespace skipmax;
using skipmax::index;

template <class Call>
std::string message(const Call& call) {
  try {
    call();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

struct tokens {
  support::tensor<float> k, v;

  tokens(index batch, index length, std::uint64_t seed)
      : k(batch, length, 2, 5, support::layouts[seed % support::layout_count]),
        v(batch, length, 2, 7) {
    k.fill_uniform(seed, -2, 2);
    v.fill_uniform(seed + 100, -1, 1);
  }
};

TEST(kv_cache, holds_what_was_appended) {
  kv_cache<float> cache(2, 2, 10, 5, 7);
  tokens first(2, 4, 1), second(1, 3, 2), third(2, 2, 3);
  cache.append(first.k.read(), first.v.read());
  cache.append(1, second.k.read(), second.v.read());
  cache.append(third.k.read(), third.v.read());
  EXPECT_EQ(cache.length(0), 6);
  EXPECT_EQ(cache.length(1), 9);
  const auto check = [&](index b, index l, const tokens& from, index of, index at) {
    for (index h = 0; h < 2; ++h) {
      for (index x = 0; x < 5; ++x) EXPECT_EQ(cache.k().row(b, l, h)[x], from.k.at(of, at, h, x));
      for (index x = 0; x < 7; ++x) EXPECT_EQ(cache.v().row(b, l, h)[x], from.v.at(of, at, h, x));
    }
  };
  for (index l = 0; l < 4; ++l) check(0, l, first, 0, l), check(1, l, first, 1, l);
  for (index l = 0; l < 3; ++l) check(1, 4 + l, second, 0, l);
  for (index l = 0; l < 2; ++l) check(0, 4 + l, third, 0, l), check(1, 7 + l, third, 1, l);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(cache.k().data) % 64, 0u);
}

TEST(kv_cache, truncate_and_reset) {
  kv_cache<float> cache(2, 2, 10, 5, 7);
  tokens some(2, 4, 1);
  cache.append(some.k.read(), some.v.read());
  cache.truncate(1, 2);
  EXPECT_EQ(cache.length(0), 4);
  EXPECT_EQ(cache.length(1), 2);
  kv_cache<float> moved = std::move(cache);
  EXPECT_EQ(moved.length(1), 2);
  moved.reset();
  EXPECT_EQ(moved.length(0), 0);
}

TEST(kv_cache, mistakes_change_nothing) {
  kv_cache<float> cache(2, 2, 5, 5, 7);
  tokens four(2, 4, 1), two(2, 2, 1), one(1, 1, 1);
  cache.append(four.k.read(), four.v.read());
  EXPECT_EQ(message([&] { cache.append(two.k.read(), two.v.read()); }),
            "skipmax: kv_cache: append: found 2 tokens after the 4 of sequence 0, wanted at most 5 "
            "in all, the capacity");
  EXPECT_EQ(message([&] { cache.append(one.k.read(), one.v.read()); }),
            "skipmax: kv_cache: append: k: found [1, 1, 2, 5], wanted [2, 1, 2, 5]");
  EXPECT_EQ(message([&] { cache.append(2, one.k.read(), one.v.read()); }),
            "skipmax: kv_cache: sequence: found 2, wanted 0 or more and less than 2, the batch");
  EXPECT_EQ(message([&] { (void)cache.length(-1); }),
            "skipmax: kv_cache: sequence: found -1, wanted 0 or more and less than 2, the batch");
  const tensor_view<const float> less = blhd(static_cast<const float*>(nullptr), 2, -1, 2, 5);
  EXPECT_EQ(message([&] { cache.append(less, two.v.read()); }),
            "skipmax: kv_cache: append: k: found [2, -1, 2, 5], wanted [2, 0, 2, 5]");
  EXPECT_EQ(message([&] { cache.truncate(0, 5); }),
            "skipmax: kv_cache: truncate: found 5, wanted 0 to 4, the tokens of sequence 0");
  EXPECT_EQ(message([] { kv_cache<float>(1, 1, -1, 4); }).rfind("skipmax: kv_cache: found", 0), 0u);
  EXPECT_EQ(cache.length(0), 4);
}

TEST(kv_cache, decode_reads_it) {
  kv_cache<float> cache(2, 2, 40, 5, 7);
  tokens prompt(2, 30, 1), next(2, 1, 2);
  cache.append(prompt.k.read(), prompt.v.read());
  cache.truncate(1, 11);
  cache.append(next.k.read(), next.v.read());
  support::tensor<float> q(2, 1, 4, 5), out(2, 1, 4, 7);
  q.fill_uniform(3, -2, 2);
  softmax_attention{}.decode(q.read(), cache.k(), cache.v(), cache.lengths(), out.view());
  // the reference sees what lies in the cache: it reads no key beyond the lengths
  const std::vector<index> filled{31, 12};
  const auto a = support::as_forward(softmax_attention{}, filled);
  EXPECT_TRUE(support::close(out.read(), support::expect(a, q.read(), cache.k(), cache.v())));
}

TEST(kv_cache, exchanges_all_it_has_when_moved) {
  const float ones[] = {1, 1}, twos[] = {2, 2};
  kv_cache<float> a(1, 1, 4, 2), b(1, 1, 4, 2);
  b.append(ld(ones, 1, 2), ld(ones, 1, 2));
  a = std::move(b);
  b.reset();
  b.append(ld(twos, 1, 2), ld(twos, 1, 2));
  EXPECT_EQ(a.length(0), 1);
  EXPECT_EQ(a.k().row(0, 0, 0)[1], 1.0f);
  kv_cache<float> c(std::move(a));
  a.reset();
  EXPECT_EQ(a.batch(), 0);
  EXPECT_EQ(c.v().row(0, 0, 0)[0], 1.0f);
}

TEST(kv_cache, rounds_what_it_is_given) {
  const float rows[] = {1.0f, 1.00390625f, 3.0e38f, -0.1f};
  kv_cache<bf16> cache(1, 1, 3, 4);
  cache.append(ld(rows, 1, 4), ld(rows, 1, 4));
  for (int d = 0; d < 4; ++d) {
    EXPECT_EQ(cache.k().row(0, 0, 0)[d].bits, bf16(rows[d]).bits);
    EXPECT_EQ(cache.v().row(0, 0, 0)[d].bits, bf16(rows[d]).bits);
  }
}

TEST(kv_cache, sizes_must_be_countable) {
  EXPECT_THROW(kv_cache<float>(skipmax::index{1} << 61, 0, 0, 0), std::invalid_argument);
  EXPECT_THROW(kv_cache<float>(1 << 30, 1 << 30, 1 << 30, 0), std::invalid_argument);
}

}  // namespace
