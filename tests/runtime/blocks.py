"""Reads *.test files: blocks of `KEY value` lines, separated by blank lines, that each declare one test.

    NAME      what it is called, unique in its file
    MATRIX    key=value,value...: one test for each combination; {key} stands for the value below. `python=zoo` and
              `java=zoo` are the versions of the test zoo, `python=local` those of this machine that the zoo has not.
              Given again, it adds the combinations of another matrix of the same keys
    TARGET    the real process: `zoo plain|container PROGRAM ARG...` (see tests/zoo/run) or `sh COMMAND`. {pid} is its
              process, {pid2} that of a second TARGET
    READY     regex that the target's output must match before anything is run (default ^ready$; `-`: wait until it sleeps).
              Its named groups become variables, `pid` included
    BACKGROUND a command that runs beside what follows, from its first line of output to the end of the test
    UNDER     a command in front of rtprof for the next RUN; it gets a copy that any user may execute
    DURING    SECONDS COMMAND: run by the shell that long after the next RUN has begun; {run} is rtprof's pid
    RUN       rtprof's arguments. The expectations below it, up to the next RUN, are about it
    EXIT      its exit status (default 0, -9: killed by SIGKILL)
    STDOUT, STDERR            regex that the stream matches somewhere; NO_STDOUT, NO_STDERR: nowhere
    FILE      NAME REGEX      a file in {out} matches;  NO_FILE GLOB: none is there
    SHARE     NAME LO..HI REGEX   the share of weight in the collapsed lines that match
    WEIGHT    NAME LO..HI REGEX   their weight
    ONLY      NAME REGEX      every collapsed line matches, and there is one
    JSON      NAME EXPRESSION a Python expression over the file's top-level keys holds (`top` where it is a list; NAME
              `-`: standard output)
    SH        COMMAND         a shell command succeeds
    TARGET_OUT  REGEX         the target prints a matching line after the RUN has ended
    TARGET_EXIT STATUS        the target ends by itself with this status
    TIMEOUT   seconds for all of it, a guard against hanging (default 60)
    CORES     processors that must not run another test meanwhile (default 1)
    LABELS    quick, full, or `quick if KEY=VALUE,... ...` for a part of the matrix (default full)

{out} is the test's own folder, {rtprof} the program, {truth[KEY]} what the target printed after `truth`.
"""

import dataclasses
import itertools
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "zoo"))
import zoo  # noqa: E402  (a folder beside this one, not a package)

SETTINGS = {"NAME", "MATRIX", "TIMEOUT", "CORES", "LABELS"}
STEPS = {"TARGET", "READY", "BACKGROUND", "UNDER", "DURING", "RUN"}
CHECKS = {
    "EXIT", "STDOUT", "STDERR", "NO_STDOUT", "NO_STDERR", "FILE", "NO_FILE", "SHARE", "WEIGHT", "ONLY", "JSON", "SH",
    "TARGET_OUT", "TARGET_EXIT",
}


class Mistake(Exception):
    """A test file that is wrong."""


@dataclasses.dataclass
class Test:
    name: str
    steps: list  # (key, value) in the order of the file
    variables: dict
    timeout: float
    cores: int
    label: str


def versions(language, which):
    if which == "zoo":
        names = zoo.PROGRAMS
    else:
        names = [name for name in zoo.local_programs() if name != "python3"]
    return [name[len(language):] for name in names if name.startswith(language)]


def matrix_of(text):
    axes = []
    for axis in text.split():
        key, _, values = axis.partition("=")
        is_language = key in ("python", "java") and values in ("zoo", "local")
        values = versions(key, values) if is_language else values.split(",")
        axes.append([(key, value) for value in values])
    return [dict(combination) for combination in itertools.product(*axes)]


def label_of(text, variables):
    label, _, condition = text.partition(" if ")
    for term in condition.split():
        key, _, values = term.partition("=")
        if key not in variables:
            raise Mistake(f"LABELS: no {key} in the matrix")
        if variables[key] not in values.split(","):
            return "full"
    if label not in ("quick", "full"):
        raise Mistake(f"LABELS: {label} is neither quick nor full")
    return label


def expand(stem, lines):
    """The tests of one block, given as (key, value) pairs."""
    settings = {key: value for key, value in lines if key in SETTINGS and key != "MATRIX"}
    matrices = [value for key, value in lines if key == "MATRIX"] or [""]
    steps = [(key, value) for key, value in lines if key not in SETTINGS]
    if "NAME" not in settings or "RUN" not in dict(steps):
        raise Mistake(f"a block needs NAME and RUN: {lines}")
    for variables in itertools.chain.from_iterable(map(matrix_of, matrices)):
        yield Test(
            name=".".join(["runtime", stem, settings["NAME"], *variables.values()]),
            steps=steps,
            variables=variables,
            timeout=float(settings.get("TIMEOUT", 60)),
            cores=int(settings.get("CORES", 1)),
            label=label_of(settings.get("LABELS", "full"), variables),
        )


def parse(path):
    tests = []
    for block in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
        lines = []
        for line in block.splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            key, _, value = line.partition(" ")
            if key not in SETTINGS | STEPS | CHECKS:
                raise Mistake(f"{path}: unknown key {key}")
            lines.append((key, value.strip()))
        if lines:
            try:
                tests += expand(path.stem, lines)
            except Mistake as mistake:
                raise Mistake(f"{path}: {mistake}") from None
    return tests


def load(paths):
    tests = {}
    for path in paths:
        for test in parse(pathlib.Path(path)):
            if test.name in tests:
                raise Mistake(f"{path}: {test.name} is there twice")
            tests[test.name] = test
    return tests


def substitute(text, variables):
    """Replaces {name} and {name[key]}; what looks like a regex's repetition ({3}, {1,2}) is left alone."""

    def value(match):
        name, key = match.groups()
        try:
            return str(variables[name] if key is None else variables[name][key])
        except KeyError:
            raise Mistake(f"nothing is known as {match.group(0)}") from None

    return re.sub(r"\{([a-z]\w*)(?:\[(\w+)\])?\}", value, text)
