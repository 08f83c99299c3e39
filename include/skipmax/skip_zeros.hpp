#pragma once

namespace skipmax {
inline namespace v0 {

// Whether to skip value rows whose weight is zero, for score functions that have exact zeros: when
// enough weights are zero for a gain, never, or always. The result is the same except for the sign
// of a zero, and except when a value is NaN or infinite and its weight zero.
enum class skip_zeros { where_faster, never, always };

}  // namespace v0
}  // namespace skipmax
