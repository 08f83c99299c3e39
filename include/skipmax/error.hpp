// How a mistake is reported: a message in a fixed buffer, thrown as std::invalid_argument. With
// -fno-exceptions, SKIPMAX_ERROR_HANDLER(text) is called, by default to print and abort.
#pragma once

#include "skipmax/config.hpp"

#if defined(__cpp_exceptions)
#include <stdexcept>
#elif !defined(SKIPMAX_ERROR_HANDLER)
#include <cstdio>
#include <cstdlib>
#define SKIPMAX_ERROR_HANDLER(text) (std::fprintf(stderr, "%s\n", text), std::abort())
#endif

namespace skipmax {
inline namespace v0 {

// What a dimension may be that one row of numbers may serve: "1 or 8", or "1".
struct one_or {
  index size;
};

// A line of text built from words, numbers and shapes; what does not fit is cut. Empty means no
// error. Slots append to it in their check(), the plan throws it.
struct error_message {
  char text[512] = {};
  int size = 0;

  SKIPMAX_INLINE bool empty() const { return size == 0; }
  SKIPMAX_INLINE error_message& operator<<(const char* word) {
    for (; *word && size + 1 < static_cast<int>(sizeof text); ++word) text[size++] = *word;
    return *this;
  }
  SKIPMAX_INLINE error_message& operator<<(index number) {
    char digits[24];
    char* first = digits + sizeof digits - 1;
    *first = 0;
    auto rest =
        number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
    do *--first = static_cast<char>('0' + rest % 10);
    while (rest /= 10);
    if (number < 0) *--first = '-';
    return *this << first;
  }
  SKIPMAX_INLINE error_message& operator<<(int number) {
    return *this << static_cast<index>(number);
  }
  SKIPMAX_INLINE error_message& operator<<(one_or wanted) {
    return (wanted.size == 1 ? *this : *this << "1 or ") << wanted.size;
  }
  SKIPMAX_INLINE error_message& operator<<(double number) {
    char digits[32];
    __builtin_snprintf(digits, sizeof digits, "%g", number);
    return *this << static_cast<const char*>(digits);
  }
};

SKIPMAX_INLINE void throw_if(const error_message& message) {
  if (message.empty()) return;
#if defined(__cpp_exceptions)
  throw std::invalid_argument(message.text);
#else
  SKIPMAX_ERROR_HANDLER(message.text);
  __builtin_trap();  // a handler must not return
#endif
}

}  // namespace v0
}  // namespace skipmax
