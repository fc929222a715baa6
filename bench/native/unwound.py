"""Whether stacks are whole and right."""

import collections
import pathlib
import re
import shlex

import compiled
import folded
import inference
import own_cpu
import stopwatch


def of_process(stacks, pid):
    """The stacks of one process of the whole machine, without the frame that names it."""
    chosen = collections.Counter()
    for stack, weight in stacks.items():
        if re.match(rf"process {pid}\b", stack[0]) and len(stack) > 1:
            chosen[stack[1:]] += weight
    return chosen


def complete(context):
    """Stacks that reach the thread's start, of those that fit the copy, without frame pointers"""
    seconds = 2 if context.quick else 8
    programs = own_cpu.programs(context)
    programs["libc, 4 threads"] = (context.program("libc_load", 4), False)
    for name, (program, is_whole) in programs.items():
        with program as target:
            pid = target.pid()
            tool = context.rtprof("--unwind", "dwarf", "--no-kernel")
            stacks = tool.record(None if is_whole else pid, "cpu", 1999, seconds).stacks["cpu"]
            stacks = of_process(stacks, pid) if is_whole else stacks
        kinds, roots = folded.ends(stacks)
        total = sum(kinds.values())
        share = 100 * kinds["complete"] / max(1, total - kinds["truncated"])
        others = ", ".join(
            f"{100 * weight / total:.2f} % {kind}" for kind, weight in kinds.items() if kind != "complete"
        )
        context.row(
            "complete", f"complete stacks of those that fit, {name}",
            f"{share:.2f} %{' (' + others + ')' if others else ''}; root "
            + ", ".join(f"{root} {100 * weight / total:.1f} %" for root, weight in roots.most_common(3)),
            {}, "≥ 99.5 %", inference.at_least([share], 99.5), kinds=dict(kinds), roots=roots.most_common(8),
        )


def beside_libunwind(context):
    """The unwinder beside libunwind on 10,000 snapshots of each of several programs"""
    oracle = pathlib.Path(context.options.rtprof).parent / "unwind_oracle"
    words = compiled.SOURCES.parent.parent / "tests/oracle/words.py"
    perl = "while (1) { my %h = map { (\"k$_\", $_) } 1..2000; s/1(\\d+)/$1/ for sort keys %h }"
    programs = {
        "C++": [compiled.build("cpp_load", "-pthread"), 1],
        "libc": [compiled.build("libc_load", "-pthread"), 1],
        "python3": ["/usr/bin/python3", words],
        "perl": ["perl", "-e", perl],
    }
    for name, command in programs.items():
        line = [oracle, 500 if context.quick else 10_000, *command]
        context.results.note_command(f"unwind_oracle, {name}", [shlex.quote(str(word)) for word in line])
        finished = stopwatch.run(line)
        first = re.search(r"^(\d+) snapshots, (\d+) equal;.*", finished.output, re.MULTILINE)
        if not first:
            raise RuntimeError(finished.output)
        explained = re.findall(r"^(\d+ (?:NOT EXPLAINED|explained): .*)", finished.output, re.MULTILINE)
        context.row(
            "unwinder", f"stacks equal to libunwind's, {name}", "; ".join([first[0], *explained]), {},
            "equal, or explained", inference.MET if finished.status == 0 else inference.NOT_MET,
            said=finished.output[:4000],
        )
