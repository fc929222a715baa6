"""What the benchmark programs have in common: their options, and the loop over the rows that were asked for."""

import argparse
import os
import pathlib
import shlex
import sys
import tempfile
import time
import traceback

import results

BENCH = pathlib.Path(__file__).resolve().parent.parent


def parse(description, groups):
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="rows:\n" + "\n".join(f"  {name:<12} {summary(function)}" for name, function in groups.items()),
    )
    parser.add_argument("--rows", metavar="NAME,…", help="only these groups of rows")
    parser.add_argument("--quick", action="store_true", help="few repetitions, to try the benchmark: no result")
    parser.add_argument("--json", metavar="FILE", help="where the result goes (default: bench/results/)")
    parser.add_argument("--rtprof", metavar="FILE", type=os.path.abspath, default=str(BENCH.parent / "build/bin/rtprof"))
    return parser


def summary(function):
    return function.__doc__.strip().splitlines()[0]


def run(options, name, title, groups, context_of):
    """Calls each wanted group's function with a context. A group that fails does not take the others along."""
    chosen = options.rows.split(",") if options.rows else [
        group for group, function in groups.items() if not getattr(function, "by_request", False)
    ]
    unknown = set(chosen) - set(groups)
    if unknown:
        sys.exit(f"no such rows: {', '.join(sorted(unknown))}; there are: {', '.join(groups)}")
    path = options.json or BENCH / "results" / f"{name}{'-quick' if options.quick else ''}.json"
    command = f"bench/{name}.sh" + "".join(" " + shlex.quote(word) for word in sys.argv[1:])
    places = {f"{BENCH.parent}/": "", os.path.expanduser("~"): "~"}
    result = results.Results(title, command, path, places)
    if result.facts["load_before"] > 0.5:
        print(f"warning: this machine is busy (load {result.facts['load_before']}): times will be off", flush=True)
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="rtprof-bench-") as scratch:
        context = context_of(options, result, pathlib.Path(scratch))
        for group in chosen:
            begin = time.monotonic()
            print(f"{group}: {summary(groups[group])}", flush=True)
            try:
                groups[group](context)
            except Exception:  # pylint: disable=broad-except
                result.failures[group] = traceback.format_exc()
                print(result.failures[group], file=sys.stderr, flush=True)
            print(f"  ({time.monotonic() - begin:.0f} s)", flush=True)
    result.facts["load_after"] = round(os.getloadavg()[0], 2)
    result.write()
    print(f"\n{results.table(result.rows)}\n")
    for tool, version in result.versions.items():
        print(f"{tool}: {version}")
    for tool, line in result.commands.items():
        print(f"{tool}: {line}")
    print(f"wrote {path} after {time.monotonic() - start:.0f} s")
    return 1 if result.failures else 0
