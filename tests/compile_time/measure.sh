#!/usr/bin/env bash
# What it costs to include the library, and to use it: processor seconds of one compiler run, the best
# of several, taken in turns so that a busy moment hits all alike.
#
#   measure.sh <compiler> <compiler arguments>...
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rounds=5

echo '#include <xsimd/xsimd.hpp>' >"$work/xsimd.cpp"
echo '#include "skipmax/attention.hpp"' >"$work/attention.cpp"
cat >"$work/relu.cpp" <<'CPP'
#include "skipmax/attention.hpp"

void use(skipmax::tensor_view<const float> q, skipmax::tensor_view<const float> k,
         skipmax::tensor_view<const float> v, skipmax::tensor_view<float> out) {
  skipmax::relu_attention{}.forward(q, k, v, out);
}
CPP
cat >"$work/dressed.cpp" <<'CPP'
#include "skipmax/attention.hpp"

void use(skipmax::tensor_view<const float> q, skipmax::tensor_view<const float> k,
         skipmax::tensor_view<const float> v, skipmax::tensor_view<float> out,
         skipmax::dense_bias<float> bias, skipmax::qk_layernorm<float> norms,
         skipmax::gate<float, skipmax::silu> gate) {
  skipmax::relu_attention{}
      .with(skipmax::causal{})
      .with(bias)
      .with(norms)
      .with(gate)
      .forward(q, k, v, out);
}
CPP

declare -A best
for ((i = 0; i < rounds; ++i)); do
  for unit in xsimd attention relu dressed; do
    TIMEFORMAT='%U %S'
    if ! { time "$@" -c "$work/$unit.cpp" -o "$work/$unit.o" 2>"$work/said"; } 2>"$work/time"; then
      cat "$work/said" >&2
      exit 1
    fi
    seconds=$(awk '{print $1 + $2}' "$work/time")
    best[$unit]=$(printf '%s\n%s\n' "$seconds" "${best[$unit]:-$seconds}" | sort -n | head -1)
  done
done

awk -v x="${best[xsimd]}" -v a="${best[attention]}" -v r="${best[relu]}" -v d="${best[dressed]}" 'BEGIN {
  printf "#include <xsimd/xsimd.hpp>            %5.2f s\n", x
  printf "#include <skipmax/attention.hpp>      %5.2f s   %.2f times xsimd, wanted at most 1.40\n", a, a / x
  printf "relu forward for float, instantiated  %5.2f s   %.2f s more, wanted at most 5.00\n", r, r - a
  printf "the same with qk-layernorm, a gate,\n"
  printf "  causal and a dense bias             %5.2f s   %.2f s more, wanted at most 3.00\n", d, d - r
}'
