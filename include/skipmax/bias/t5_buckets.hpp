// Writes out T5's table of buckets as a table of differences for relative_bias.
//
//   to[h][n] = table[bucket(first + n)][h],   n = 0 .. count - 1
//
// With d the distance from the query to the key, B buckets and E = B / 2 rounded down, the bucket
// is d if d < E, else E + floor((B - E) log(d / E) / log(max_distance / E)), at most B - 1.
// Bidirectional: B is half the number of buckets, and the first half serves keys up to the query,
// the second half keys after it. Otherwise keys after the query have distance 0.
//
// Raffel et al. 2020, arXiv 1910.10683: 32 buckets and a max_distance of 128. T5 has no scale:
// with(scale{1}).
#pragma once

#include "skipmax/error.hpp"

namespace skipmax {
inline namespace v0 {

// The bucket of the key that lies `difference` keys after the query, or before it if negative.
SKIPMAX_INLINE index t5_bucket(index difference, index buckets, index max_distance,
                               bool bidirectional) {
  const bool after = difference > 0;
  const index half = bidirectional ? buckets / 2 : buckets;
  const index offset = bidirectional && after ? half : 0;
  const index distance = after                        ? (bidirectional ? difference : 0)
                         : difference > -max_distance ? -difference
                                                      : max_distance;
  const index exact = half / 2;
  if (distance < exact) return offset + distance;
  if (distance >= max_distance) return offset + half - 1;
  const double base = static_cast<double>(exact);
  const double part = __builtin_log(static_cast<double>(distance) / base) /
                      __builtin_log(static_cast<double>(max_distance) / base);
  // Rounding must not take a whole number below itself; no other value comes this close to one.
  const double bucket = part * static_cast<double>(half - exact) + 1e-9;
  const index far = exact + static_cast<index>(bucket);
  return offset + (far < half ? far : half - 1);
}

// table [buckets, heads] as a model keeps it, to [heads, count].
template <class T>
SKIPMAX_INLINE void expand_t5_buckets(const T* table, index buckets, index max_distance,
                                      bool bidirectional, T* to, index heads, index first,
                                      index count) {
  error_message error{};
  const index least = bidirectional ? 4 : 2;
  const index exact = buckets / least;
  constexpr index largest = 0x7fffffffffffffff;
  if (buckets < least)
    error << "skipmax: expand_t5_buckets: buckets: found " << buckets << ", wanted at least "
          << least;
  else if (max_distance <= exact)
    error << "skipmax: expand_t5_buckets: max_distance: found " << max_distance
          << ", wanted more than " << exact << ", the distances that have a bucket each";
  else if (heads < 0 || count < 0)
    error << "skipmax: expand_t5_buckets: " << (heads < 0 ? "heads" : "count") << ": found "
          << (heads < 0 ? heads : count) << ", wanted 0 or more";
  else if (first > largest - count)
    error << "skipmax: expand_t5_buckets: first: found " << first << ", wanted at most "
          << largest - count;
  else if (!table && heads > 0 && count > 0)
    error << "skipmax: expand_t5_buckets: table: found a null pointer, wanted [" << buckets << ", "
          << heads << "]";
  else if (!to && heads > 0 && count > 0)
    error << "skipmax: expand_t5_buckets: to: found a null pointer, wanted [" << heads << ", "
          << count << "]";
  throw_if(error);
  for (index n = 0; n < count; ++n) {
    const index bucket = t5_bucket(first + n, buckets, max_distance, bidirectional);
    for (index h = 0; h < heads; ++h) to[h * count + n] = table[bucket * heads + h];
  }
}

}  // namespace v0
}  // namespace skipmax
