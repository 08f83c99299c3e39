#!/usr/bin/env python3
"""Draws throughput against sequence length from the JSON report of a sweep (needs matplotlib).

    bench_forward --sweep --benchmark_repetitions=5 --benchmark_enable_random_interleaving=true \\
                  --benchmark_out=sweep.json
    plot.py sweep.json throughput.svg

Every point is the median over the repetitions. Also prints ns per score, which is flat where the
time of a call grows with the square of the length, and the largest workspace of each functor.
"""

import argparse
import re
import statistics
import sys

sys.dont_write_bytecode = True  # leave no __pycache__ in the source tree
from table import fail_where_runs_did, load_report, machine, read_medians

LINES = {  # functor: (label, colour, line style)
    "relu": ("ReLU/L, skipmax", "#d1495b", "-"),
    "softmax": ("softmax, skipmax", "#00798c", "-"),
    "eigen_relu": ("ReLU/L, plain Eigen", "#d1495b", ":"),
    "eigen_softmax": ("softmax, plain Eigen", "#00798c", ":"),
}
TYPES = {"f32": "float", "bf16": "bf16"}
TICKS = (49, 196, 784, 4096, 16384)


def lines_of(medians):
    """{dtype: {functor: {length: counters}}} of the runs on one thread over L:<n>."""
    types = {}
    for (dtype, threads, workload, functor), counters in medians.items():
        if dtype in TYPES and threads == 1 and re.fullmatch(r"L:\d+", workload):
            types.setdefault(dtype, {}).setdefault(functor, {})[int(workload[2:])] = counters
    for lines in types.values():
        lines.update({f: dict(sorted(points.items())) for f, points in lines.items()})
    return {t: types[t] for t in TYPES if t in types}


def load_matplotlib():
    try:
        import matplotlib
    except ImportError:
        sys.exit(f"{sys.executable} has no matplotlib. On Debian: apt-get install python3-matplotlib, for /usr/bin/python3")
    matplotlib.use("Agg")
    import matplotlib.pyplot
    return matplotlib.pyplot


def draw_panel(axes, dtype, lines):
    peak = statistics.median(p["GFLOPS"] / p["of_peak"] for points in lines.values()
                             for p in points.values())
    axes.axhline(peak, color="#555555", linewidth=1, linestyle="--")
    axes.annotate(f"multiply-add peak, {peak:.0f}", (49, peak), xytext=(0, 3),
                  textcoords="offset points", color="#555555")
    for functor, (label, colour, style) in LINES.items():
        if points := lines.get(functor):
            axes.plot(points.keys(), [p["GFLOPS"] for p in points.values()], style, color=colour,
                      marker="o", markersize=3.5, linewidth=1.8, label=label)
    axes.set_xscale("log")
    axes.set_xticks(TICKS, [str(t) for t in TICKS])
    axes.minorticks_off()
    axes.set_ylim(0, peak * 1.1)
    axes.set_xlabel(f"sequence length L, {TYPES[dtype]}")
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


def draw(plt, types, context, path):
    plt.rcParams.update({"font.size": 9, "svg.hashsalt": "skipmax", "axes.spines.top": False,
                         "axes.spines.right": False})
    figure, panels = plt.subplots(1, len(types), figsize=(8.4, 4.2), squeeze=False)
    figure.subplots_adjust(left=0.07, right=0.98, top=0.86, bottom=0.2, wspace=0.14)
    for axes, (dtype, lines) in zip(panels[0], types.items()):
        draw_panel(axes, dtype, lines)
    panels[0][0].set_ylabel("GFLOPS (4 L² d per head)")
    figure.suptitle("Attention forward: one head, d = 64, one core\n"
                    f"{context.get('cpu', 'unknown processor')}, {context.get('isa', '?')}, "
                    f"{context.get('compiler', '?')}", x=0.01, ha="left", fontsize=9.5)
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, loc="lower center", ncols=4, fontsize=8.5,
                  columnspacing=1.4, handlelength=1.8)
    metadata = {"Date": None} if str(path).endswith(".svg") else None
    try:
        figure.savefig(path, dpi=150, metadata=metadata)
    except (OSError, ValueError) as error:
        sys.exit(f"{path}: {error}")


def print_scores(dtype, lines):
    lengths = sorted({length for points in lines.values() for length in points})
    print(f"{dtype + ', ns per score, L':24}" + "".join(f"{length:>8}" for length in lengths) + "   workspace")
    for functor, points in lines.items():
        cells = (f"{points[n]['ns_per_score']:.3f}" if n in points else "-" for n in lengths)
        largest = max(p["workspace_bytes"] for p in points.values())
        print(f"{functor:24}" + "".join(f"{c:>8}" for c in cells) + f"{largest / 2**20:8.2f} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", help="JSON file that bench_forward --sweep wrote")
    parser.add_argument("picture", help="file to write: .svg, .png or .pdf")
    arguments = parser.parse_args()
    report = load_report(arguments.report)
    medians, failed = read_medians(report)
    types = lines_of(medians)
    if not types and not failed:
        sys.exit(f"{arguments.report}: holds no run named forward/<functor>/<type>/L:<n>")
    print(machine(report["context"]))
    for dtype, lines in types.items():
        print_scores(dtype, lines)
    if types:
        draw(load_matplotlib(), types, report["context"], arguments.picture)
    fail_where_runs_did(failed)


if __name__ == "__main__":
    main()
