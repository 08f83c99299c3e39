// What attention::decode and prefill take in place of k, v and lengths: a kv_cache, its
// sequence(b), or any other type with these members.
#pragma once

namespace skipmax {
inline namespace v0 {

template <class C>
concept key_cache = requires(const C& c) {
  c.k(), c.v(), c.lengths(), c.batch();
};

}  // namespace v0
}  // namespace skipmax
