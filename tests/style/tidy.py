#!/usr/bin/python3
"""Runs clang-tidy over the files that a build compiles, several at a time.

usage: tidy.py --clang-tidy PATH --build DIR --ctest OUTPUT    write the commands that declare the tests to ctest
       tidy.py --clang-tidy PATH --build DIR --batch NAME      run one of them

Most of clang-tidy's time goes to the headers, a hundred times longer than the file that includes them. So a batch is
one translation unit that includes files of one folder which are compiled alike. The name makes the analyzer take what
it includes for code and not for headers. Neighbours by name, which call each other most, come into different batches:
a function that was followed from a caller is not analyzed a second time by itself.

Files that declare the same name for themselves come into different batches. One that does not go together with the
others for another reason is tidied alone. Two checks look at nothing that is included; files with what they look for
are given to them once more.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SKIPPED = ("tests", "build", "out", "..")
LARGEST = 12
NOT_OF_INCLUDED = "-*,misc-unused-using-decls,misc-unused-alias-decls"


def arguments_of(entry):
    """The compiler's arguments without the program, the input and the output."""
    words = shlex.split(entry["command"])
    first = 2 if os.path.basename(words[0]) == "ccache" else 1
    kept, words = [], iter(words[first:])
    for word in words:
        if word in ("-o", "-c"):
            next(words)
        else:
            kept.append(word)
    return tuple(kept)


def own_names(path):
    """What a file declares in unnamed namespaces, as far as its layout tells."""
    names = set()
    for region in re.findall(r"^namespace \{\n(.*?)^\}  // namespace$", path.read_text(encoding="utf-8"), re.M | re.S):
        for line in region.splitlines():
            match = re.match(r"\w.*?(?<!::)\b(\w+)(?: final)?\s*(?:[=({;[]|:[^:])", line)
            if match:
                names.add(match[1])
    return names


def distribute(files):
    """Files in parts of about the same size, none with two that declare the same name."""
    parts = [([], set()) for _ in range(-(-len(files) // LARGEST))]
    for path in sorted(files):
        names = own_names(path)
        fitting = [part for part in parts if names.isdisjoint(part[1])]
        if not fitting:
            fitting = [([], set())]
            parts += fitting
        smallest = min(fitting, key=lambda part: len(part[0]))
        smallest[0].append(path)
        smallest[1].update(names)
    return [part[0] for part in parts]


def batches(build):
    """Names and (directory, arguments, files)."""
    groups, seen = collections.defaultdict(list), set()
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        path = pathlib.Path(entry["file"])
        name = os.path.relpath(path, ROOT)
        folder = name.split("/", 1)[0]
        if path.suffix == ".cc" and folder not in SKIPPED and path not in seen:
            seen.add(path)
            groups[folder, entry["directory"], arguments_of(entry)].append(path)
    found, numbers = {}, collections.Counter()
    for (folder, directory, arguments), files in groups.items():
        for part in distribute(files):
            numbers[folder] += 1
            found[f"{folder}.{numbers[folder]}"] = (directory, arguments, part)
    return found


def tidy(clang_tidy, directory, arguments, source, *options):
    command = [clang_tidy, "--quiet", f"--config-file={ROOT / '.clang-tidy'}", *options, source, "--", *arguments]
    return subprocess.run(command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)


def misfits(output, files):
    """The files with errors of the compiler; all where they are in something that the files include."""
    places = {match[1] for match in re.finditer(r"^(\S+?):\d+:\d+: error: .*\[clang-diagnostic", output, re.M)}
    inside = [path for path in files if str(path) in places]
    return inside if len(inside) == len(places) else list(files)


def declares_aliases(path):
    return re.search(r"^\s*(using\s+[\w:]+(::|operator)[^=\n]*;|namespace \w+ =)", path.read_text(encoding="utf-8"), re.M)


def run_batch(clang_tidy, directory, arguments, files):
    """Whether nothing was found; prints what was."""
    together, alone, passed = files, [], True
    with tempfile.TemporaryDirectory() as folder:
        unified = pathlib.Path(folder, "UnifiedSource.cc")
        while len(together) > 1:
            lines = [f'#include "{path}"  // NOLINT(bugprone-suspicious-include)\n' for path in together]
            unified.write_text("".join(lines), encoding="utf-8")
            done = tidy(clang_tidy, directory, arguments, unified)
            unfit = misfits(done.stdout, together)
            if not unfit:
                print(done.stdout, end="")
                passed = done.returncode == 0
                break
            print("alone:", *unfit, flush=True)
            alone += unfit
            together = [path for path in together if path not in unfit]
    if len(together) == 1:
        alone += together
    runs = [(path,) for path in alone]
    runs += [(path, f"--checks={NOT_OF_INCLUDED}") for path in files if path not in alone and declares_aliases(path)]
    for run in runs:
        done = tidy(clang_tidy, directory, arguments, run[0], *run[1:])
        print(done.stdout, end="")
        passed = passed and done.returncode == 0
    return passed


def declare(options):
    lines = []
    for name, (_, _, files) in batches(options.build).items():
        command = [sys.executable, __file__, "--clang-tidy", options.clang_tidy, "--build", options.build, "--batch", name]
        lines.append(f"add_test(style.tidy.{name} {' '.join(f'[==[{word}]==]' for word in command)})")
        lines.append(f"set_tests_properties(style.tidy.{name} PROPERTIES LABELS full COST {30 * len(files)})")
    pathlib.Path(options.ctest).write_text("\n".join(lines) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--clang-tidy", required=True)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--ctest")
    parser.add_argument("--batch")
    options = parser.parse_args()
    if options.ctest:
        declare(options)
        return 0
    return 0 if run_batch(options.clang_tidy, *batches(options.build)[options.batch]) else 1


sys.exit(main())
