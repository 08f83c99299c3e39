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

// The allowed sizes of a dimension that may also be 1: printed as "1 or 8", or "1" if size is 1.
struct one_or {
  index size;
};

// Printed as "[2, 49, 6, 64]": batch, length, heads, dim, or four other sizes.
struct tensor_shape {
  long long sizes[4];
};

// A line of text built from words, numbers and shapes; what does not fit is cut off. Empty means no
// error. Slots append to it in their check(); the plan throws it.
struct error_message {
  char text[512] = {};
  int size = 0;

  SKIPMAX_INLINE bool empty() const { return size == 0; }
  SKIPMAX_INLINE error_message& operator<<(const char* word) { return print("%s", word); }
  SKIPMAX_INLINE error_message& operator<<(index number) {
    return print("%lld", static_cast<long long>(number));
  }
  SKIPMAX_INLINE error_message& operator<<(int number) {
    return *this << static_cast<index>(number);
  }
  SKIPMAX_INLINE error_message& operator<<(one_or wanted) {
    return (wanted.size == 1 ? *this : *this << "1 or ") << wanted.size;
  }
  SKIPMAX_INLINE error_message& operator<<(tensor_shape x) {
    return print("[%lld, %lld, %lld, %lld]", x.sizes[0], x.sizes[1], x.sizes[2], x.sizes[3]);
  }
  SKIPMAX_INLINE error_message& operator<<(double number) { return print("%g", number); }

 private:
  template <class... X>
  SKIPMAX_INLINE error_message& print(const char* format, X... x) {
    const int room = static_cast<int>(sizeof text) - size;
    const int wanted =
        __builtin_snprintf(text + size, static_cast<std::size_t>(room), format, x...);
    size += wanted < room ? wanted : room - 1;
    return *this;
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

// Calls part.check(what..., error), if there is such a function and no error has been found yet.
template <class Part, class... What>
SKIPMAX_INLINE void check_part(const Part& part, error_message& error, const What&... what) {
  if constexpr (requires { part.check(what..., error); })
    if (error.empty()) part.check(what..., error);
}

}  // namespace v0
}  // namespace skipmax
