// Sanitized programs are unoptimized and take a hundred times as long: tests that go over many
// shapes go over fewer there.
#pragma once

namespace support {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
inline constexpr bool sanitized = __has_feature(address_sanitizer);
#else
inline constexpr bool sanitized = false;
#endif

}  // namespace support
