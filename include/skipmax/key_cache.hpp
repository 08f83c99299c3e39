// Keys and values of the tokens so far, as kv_cache and its sequence(b) have them: what attention::decode and
// prefill take in place of k, v and lengths.
#pragma once

namespace skipmax {
inline namespace v0 {

template <class C>
concept key_cache = requires(const C& c) {
  c.k(), c.v(), c.lengths(), c.batch();
};

}  // namespace v0
}  // namespace skipmax
