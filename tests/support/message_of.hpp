// The message of what a call throws.
#pragma once

#include <stdexcept>
#include <string>

namespace support {

template <class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace support
