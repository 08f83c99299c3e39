#pragma once

namespace skipmax {
inline namespace v0 {

// Whether value rows of zero weight are left out, for score functions that have exact zeros: where there
// are enough of them to gain by it, or never, or always. The result is the same, but for the sign of a zero
// and where a value is NaN or infinite and its weight zero.
enum class skip_zeros { where_faster, never, always };

}  // namespace v0
}  // namespace skipmax
