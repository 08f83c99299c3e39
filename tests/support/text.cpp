#include "support/operands.hpp"

namespace support {

std::string text(const problem& p) {  // g++ 12 warns of sums of strings
  std::string all;
  const auto add = [&](const char* name, index b, index l, index h, index d) {
    all.append(name).append("[");
    for (index n : {b, l, h, d}) all.append(std::to_string(n)).append(", ");
    all.replace(all.size() - 2, 2, "]");
  };
  add("q ", p.batch, p.query_length, p.heads, p.key_dim);
  add(" k ", p.batch, p.key_length, p.kv_heads, p.key_dim);
  add(" v ", p.batch, p.key_length, p.kv_heads, p.value_dim);
  return all;
}

}  // namespace support
