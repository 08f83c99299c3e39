#!/usr/bin/env python3
"""Looks at what a compiler makes of the inner loops of the two products.

    check.py <objdump> <work folder> <compiler> <argument>... <source>

A step of a tile of MR rows by 2 registers is 2 MR multiply-adds, MR numbers loaded into all lanes and 2
whole registers: no sum, nothing else may come from memory. A compiler that spills one is at half speed.
"""

import pathlib
import re
import subprocess
import sys

KERNEL = re.compile(r"(?:score|value)_panel<[^(]*?(?:float|double), (?P<rows>14|6), 2\b")
LINE = re.compile(r"\s+(?P<at>[0-9a-f]+):\s+(?P<name>\S+)\s*(?P<operands>[^#<]*)(?:<.*)?(?:#.*)?$")


def functions(disassembly):
    """(name, [(address, mnemonic, operands)]) of each function."""
    for text in re.split(r"\n(?=[0-9a-f]{16} <)", disassembly):
        head = re.match(r"[0-9a-f]{16} <(.*)>:", text)
        if head:
            found = (LINE.match(line) for line in text.splitlines()[1:])
            yield head[1], [(int(m["at"], 16), m["name"], m["operands"].strip()) for m in found if m]


def inner_loops(code):
    """The code of each loop that holds no other. An unconditional jump back joins paths, most likely."""
    loops = []
    for at, name, operands in code:
        target = re.fullmatch(r"(?:0x)?([0-9a-f]+)", operands) if re.match("j(?!mp)", name) else None
        if target and int(target[1], 16) <= at:
            loops.append((int(target[1], 16), at))
    for first, last in loops:
        if not any((a, b) != (first, last) and first <= a and b <= last for a, b in loops):
            yield [c for c in code if first <= c[0] <= last]


def faults(code, rows):
    """What is wrong with the loop that multiplies, of those of one kernel."""
    counted = [(loop, sum(c[1].startswith("vfmadd") for c in loop)) for loop in inner_loops(code)]
    found = []
    if not any(count >= 2 * rows for _, count in counted):
        found.append(f"no loop of {2 * rows} multiply-adds")
    for loop, count in counted:
        steps, rest = divmod(count, 2 * rows)
        if steps == 0:
            continue
        if rest:
            found.append(f"{count} multiply-adds, wanted a multiple of {2 * rows}")
        reads = [c for c in loop if "(" in c[2] and not re.match(r"prefetch|nop|lea|add|sub|cmp|inc", c[1])]
        stack = [c for c in reads if re.search(r"\(%r[sb]p", c[2])]
        if stack:
            found.append(f"{len(stack)} accesses to the stack, such as {' '.join(stack[0][1:])}")
        elif len(reads) != steps * (rows + 2):
            found.append(f"{len(reads)} accesses to memory, wanted {steps * (rows + 2)}")
    return found


def main():
    objdump, work, *compiler = sys.argv[1:]
    work = pathlib.Path(work)
    work.mkdir(parents=True, exist_ok=True)
    objects = {number: work / f"kernels_{number}.o" for number in ("float", "double")}
    builds = [subprocess.Popen([*compiler, "-c", f"-DNUMBER={number}", "-o", o]) for number, o in objects.items()]
    if any([build.wait() for build in builds]):
        return 1
    disassembly = subprocess.run([objdump, "-d", "-C", "--no-show-raw-insn", *objects.values()], check=True,
                                 capture_output=True, text=True).stdout
    if "vfmadd" not in disassembly:
        print("no multiply-adds")  # that this machine has
        return 0
    seen = wrong = 0
    for name, code in functions(disassembly):
        if kernel := KERNEL.search(name):
            seen += 1
            for fault in faults(code, int(kernel["rows"])):
                wrong += 1
                print(f"{name}\n    {fault}")
    print(f"{seen} kernels, {wrong} faults")
    return 0 if seen >= 6 and not wrong else 1  # two scores and one value product, float and double


if __name__ == "__main__":
    sys.exit(main())
