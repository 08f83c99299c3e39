#!/usr/bin/env python3
"""bench/table.py and bench/plot.py on small reports, whole and broken ones.

    reports.py <bench folder> <work folder>
"""

import json
import pathlib
import subprocess
import sys
import unittest

BENCH, WORK = map(pathlib.Path, sys.argv[1:3])
CONTEXT = {"cpu": "a processor", "isa": "avx2", "compiler": "g++", "custom_2": "2,4,4,7,33,5"}


def run_of(functor, workload, gflops, **more):
    return {"name": f"forward/{functor}/f32/{workload}/threads:1", "run_type": "iteration", "GFLOPS": gflops,
            "of_peak": gflops / 100, "ns_per_score": 1.5, "workspace_bytes": 2**20, **more}


def output_of(tool, report, *arguments):
    """(exit code, stdout, stderr) of a tool on a report, an object or the text of the file."""
    path = WORK / "report.json"
    path.write_text(report if isinstance(report, str) else json.dumps(report))
    done = subprocess.run([sys.executable, BENCH / tool, path, *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


class Table(unittest.TestCase):
    def test_gives_medians_and_ratios(self):
        runs = [run_of("relu", "long_4k", g) for g in (50, 90, 60)] + [run_of("softmax", "long_4k", 40)]
        code, out, err = output_of("table.py", {"context": CONTEXT, "benchmarks": runs})
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"relu +60\.0 0\.60\n")
        self.assertRegex(out, r"times as fast as softmax\nrelu +1\.50\n")

    def test_orders_lengths_as_numbers_and_names_shapes(self):
        runs = [run_of("relu", w, 50) for w in ("L:1024", "custom_2", "L:98", "long_4k", "vit_s16")]
        code, out, _ = output_of("table.py", {"context": CONTEXT, "benchmarks": runs})
        self.assertEqual(code, 0)
        self.assertRegex(out, r"f32, 1 thread +vit_s16 +long_4k +L:98 +L:1024 +custom_2\n")
        self.assertIn("custom_2: B,H,Hkv,Lq,Lk,d = 2,4,4,7,33,5\n", out)

    def test_ends_with_the_runs_that_failed(self):
        runs = [run_of("relu", "long_4k", 50), run_of("softmax", "long_4k", 0, error_occurred=True, error_message="why")]
        code, out, err = output_of("table.py", {"context": CONTEXT, "benchmarks": runs})
        self.assertEqual(code, 1)
        self.assertRegex(out, r"relu +50\.0 0\.50\n")
        self.assertIn("forward/softmax/f32/long_4k/threads:1: why", err)


class Plot(unittest.TestCase):
    def test_draws_what_a_sweep_left(self):
        runs = [run_of(f, f"L:{n}", 50) for f in ("relu", "softmax") for n in (1024, 49)]
        picture = WORK / "picture.svg"
        picture.unlink(missing_ok=True)
        code, out, err = output_of("plot.py", {"context": CONTEXT, "benchmarks": runs}, picture)
        self.assertRegex(out, r"f32, ns per score, L +49 +1024 +workspace\nrelu +1\.500 +1\.500 +1\.00 MiB\n")
        if "has no matplotlib" in err:
            self.assertIn("apt-get install python3-matplotlib", err)
        else:
            self.assertEqual((code, err), (0, ""))
            self.assertIn("softmax, skipmax", picture.read_text())

    def test_wants_a_sweep(self):
        report = {"context": CONTEXT, "benchmarks": [run_of("relu", "long_4k", 50)]}
        code, _, err = output_of("plot.py", report, WORK / "none.svg")
        self.assertEqual(code, 1)
        self.assertIn("holds no run named forward/<functor>/<type>/L:<n>", err)


class Both(unittest.TestCase):
    def test_say_what_is_no_report(self):
        whole = json.dumps({"context": CONTEXT, "benchmarks": [run_of("relu", "L:49", 50)]})
        for text in (whole[:-9], "name,iterations\n1,2\n", "[]", "null", "{}", '{"context": {}, "benchmarks": {"a": 1}}'):
            for tool in ("table.py", "plot.py"):
                code, out, err = output_of(tool, text, *([WORK / "none.svg"] if tool == "plot.py" else []))
                self.assertEqual((code, out), (1, ""), text)
                self.assertRegex(err, r"^[^\n]+report\.json: found [^\n]+, wanted what bench_forward [^\n]+\n$")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
