// What the rules forbid: an inline function that is neither always_inline nor marked by its types.
namespace skipmax {
inline int careless(int x) {
  return x + 1;
}
}  // namespace skipmax

int (*keep_careless)(int) = skipmax::careless;
