#!/usr/bin/env python3
"""Prints the compact table of one bench_forward run from its JSON report.

    bench_forward --benchmark_repetitions=5 --benchmark_enable_random_interleaving=true \\
                  --benchmark_out=forward.json
    table.py forward.json

Every number is the median over the repetitions. A ratio above 1 means faster.
"""

import argparse
import json
import re
import statistics
import sys

NAME = re.compile(r"forward/(?P<functor>\w+)/(?P<dtype>f32|f64|bf16|f16)/(?P<workload>[\w:]+)/threads:(?P<threads>\d+)")
DTYPES = ("f32", "f64", "bf16", "f16")
FUNCTORS = ("softmax relu squared_relu relu6 gelu gelu_erf softplus identity sigmoid silu laplace "
            "relu_qk_layernorm relu_gated relu_gated_silu relu_gated_qk_layernorm softmax_qk_rmsnorm "
            "relu_dense_bias softmax_dense_bias hstu relu_dense eigen_softmax eigen_relu openblas_softmax openblas_relu onednn_softmax onednn_relu "
            "libxsmm_softmax libxsmm_relu").split()
PEERS = {"eigen": "plain Eigen", "openblas": "Eigen over OpenBLAS", "onednn": "oneDNN",
         "libxsmm": "a loop over libxsmm tiles"}
WORKLOADS = ("vit_s32 vit_s16 vit_s8 long_4k causal_2k_d128 vit_s16_blhd vit_s16_qkv long_4k_w256 ragged "
             "equal hstu_1k long_4k_z50 long_4k_z70 long_4k_z85 long_4k_z95 vit_s8_z85").split()


def load_report(path):
    """A JSON report of bench_forward; ends the program if the file holds none."""
    try:
        with open(path) as file:
            report = json.load(file)
        if isinstance(report["context"], dict) and all(isinstance(run["name"], str) for run in report["benchmarks"]):
            return report
        found = "something else"
    except OSError as error:
        sys.exit(f"{path}: {error.strerror}")
    except ValueError as error:
        found = f"invalid or truncated JSON ({error})"
    except (KeyError, TypeError):
        found = "something else"
    sys.exit(f"{path}: found {found}, wanted what bench_forward --benchmark_out=<file> leaves when it is done")


def read_medians(report):
    """({(dtype, threads, workload, functor): {counter: median}}, {name: error}) of a report."""
    samples, given, failed = {}, {}, {}
    for run in report["benchmarks"]:
        name = NAME.fullmatch(str(run.get("run_name", run["name"])))
        if not name:
            continue
        if run.get("error_occurred"):
            failed[name[0]] = run.get("error_message", "no reason given")
            continue
        key = (name["dtype"], int(name["threads"]), name["workload"], name["functor"])
        if run.get("run_type") != "aggregate":
            samples.setdefault(key, []).append(run)
        elif run.get("aggregate_name") == "median":
            given[key] = run
    counters = ("GFLOPS", "of_peak", "of_sustained", "ns_per_score", "workspace_bytes")
    medians = {key: {c: run[c] for c in counters if c in run} for key, run in given.items()}
    for key, runs in samples.items():
        medians[key] = {c: statistics.median(run[c] for run in runs) for c in counters if all(c in run for run in runs)}
    return {key: m for key, m in medians.items() if m.get("GFLOPS", 0) > 0 and m.get("of_peak", 0) > 0}, failed


def fail_where_runs_did(failed):
    if failed:
        sys.exit("\nfailed:\n" + "\n".join(f"  {name}: {message}" for name, message in failed.items()))


def machine(context):
    return (f"{context.get('cpu', 'unknown processor')}, {context.get('isa', '?')}, "
            f"{context.get('compiler', '?')}; multiply-add peak of one core at the start: "
            f"{context.get('fma_peak_f32', '?')} (f32), {context.get('fma_peak_f64', '?')} (f64) GFLOPS")


def print_sustained(medians):
    shares = [m["of_peak"] / m["of_sustained"] for m in medians.values() if "of_sustained" in m]
    if shares:
        print(f"multiply-adds for 2 ms, median before all runs: {statistics.median(shares):.2f} of that peak")


def in_order(names, order):
    """Known names in the given order, then the others, sorted with numbers in names as numbers."""
    def natural(name):
        return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]
    names = set(names)
    return [n for n in order if n in names] + sorted(names.difference(order), key=natural)


def print_rows(title, rows, workloads, cell):
    """One line per functor that has a number; nothing at all if none has."""
    lines = [(row, [cell(row, w) for w in workloads]) for row in rows]
    lines = [(row, cells) for row, cells in lines if any(cells)]
    if not lines:
        return
    print(f"  {title}")
    for row, cells in lines:
        print(f"{row:24}" + "".join(f"{c or '-':>{column_width(w)}}" for w, c in zip(workloads, cells)))


def column_width(workload):
    return max(10, len(workload) + 2)


def print_table(medians, dtype, threads):
    runs = {(w, f): m for (d, t, w, f), m in medians.items() if (d, t) == (dtype, threads)}
    workloads = in_order((w for w, _ in runs), WORKLOADS)
    functors = in_order((f for _, f in runs), FUNCTORS)
    own = [f for f in functors if f.split("_")[0] not in PEERS]

    def speed(functor, workload):
        m = runs.get((workload, functor))
        return m and f"{m['GFLOPS']:.{0 if m['GFLOPS'] >= 99.95 else 1}f} {m['of_peak']:.2f}"

    def against(other):
        def cell(functor, workload):
            mine, theirs = runs.get((workload, functor)), runs.get((workload, other(functor)))
            return mine and theirs and f"{mine['GFLOPS'] / theirs['GFLOPS']:.2f}"
        return cell

    heading = f"{dtype}, {threads} thread" + ("s" if threads > 1 else "")
    print(f"\n{heading:24}" + "".join(f"{w:>{column_width(w)}}" for w in workloads))
    print_rows("GFLOPS, of peak", functors, workloads, speed)
    print_rows("times as fast as softmax", [f for f in own if f != "softmax"], workloads,
               against(lambda _: "softmax"))
    for peer, name in PEERS.items():
        print_rows(f"times as fast as {name}", own, workloads, against(lambda f: f"{peer}_{f}"))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", help="JSON file that bench_forward wrote (--benchmark_out)")
    path = parser.parse_args().report
    report = load_report(path)
    medians, failed = read_medians(report)
    if not medians and not failed:
        sys.exit(f"{path}: holds no run named forward/...")
    print(machine(report["context"]))
    print_sustained(medians)
    print("of peak: share of what one core did just before with multiply-adds alone, times the threads")
    for name, shape in report["context"].items():
        if name.startswith("custom"):
            print(f"{name}: B,H,Hkv,Lq,Lk,d = {shape}")
    for dtype, threads in sorted({key[:2] for key in medians}, key=lambda k: (DTYPES.index(k[0]), k[1])):
        print_table(medians, dtype, threads)
    fail_where_runs_did(failed)


if __name__ == "__main__":
    main()
