#!/usr/bin/python3
"""Runs the declared tests of rtprof's command line against real processes. What they look like: blocks.py.

usage: runner.py --rtprof PATH [FILE...] [--only NAME]     run them, all or one
       runner.py --rtprof PATH [FILE...] --ctest OUTPUT    write the commands that declare them to ctest

Without a FILE, all *.test files beside this one. Ends with status 1 when a test failed.
"""

import argparse
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

import blocks
import expect
import host
import processes

HERE = pathlib.Path(__file__).resolve().parent
# On top of a test's own TIMEOUT, for ctest: the runner wants to end its processes and show what it knows.
GRACE_SECONDS = 30
# Of a test that fails while the host keeps the CPUs to itself: its figures say nothing.
ATTEMPTS = 3


class TimedOut(Exception):
    pass


class Failed(Exception):
    pass


class Context:
    """What a test has so far: its folder, targets, variables and the last run of rtprof."""

    def __init__(self, test, rtprof, out):
        self.rtprof, self.out = rtprof, out
        self.targets, self.background, self.under, self.during = [], [], [], []
        self.run = None
        self.target_seen = 0
        self.variables = {
            "out": out,
            "rtprof": rtprof,
            "tests": HERE.parent,
            "load": HERE.parent / "workloads" / "load.py",
            **test.variables,
        }

    def fill(self, value):
        if self.targets:
            self.variables["truth"] = self.targets[0].truth()
        return blocks.substitute(value, self.variables)

    def start_target(self, description, ready):
        target = processes.Target(description, self.out, len(self.targets) + 1)
        self.targets.append(target)
        groups = {}
        if ready == "-":
            if not target.wait_until_asleep():
                raise Failed(f"the target ended with status {target.process.returncode} and never slept")
        else:
            match = target.wait_for(ready)
            if match is None:
                raise Failed(f"the target ended with status {target.process.returncode} and never printed {ready}")
            groups = match.groupdict()
        name = "pid" if len(self.targets) == 1 else f"pid{len(self.targets)}"
        self.variables[name] = target.pid()
        self.variables.update(groups)

    def start_background(self, command):
        process = subprocess.Popen(
            shlex.split(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            preexec_fn=processes.die_with_parent,
        )
        self.background.append(process)
        if not process.stdout.readline():
            raise Failed(f"ended with status {process.wait()} and printed nothing: {command}")

    def program(self):
        if not self.under:
            return [self.rtprof]
        copy = self.out / "rtprof"
        if not copy.exists():
            shutil.copyfile(self.rtprof, copy)
            copy.chmod(0o755)
        return [*self.under, copy]

    def start_run(self, arguments):
        during = []
        for text in self.during:
            delay, _, command = text.partition(" ")
            during.append((float(self.fill(delay)), lambda pid, c=command: self.fill(c.replace("{run}", str(pid)))))
        self.run = processes.Run([*self.program(), *shlex.split(arguments)], self.out, during)
        self.under, self.during = [], []
        self.run.wait()
        self.target_seen = len(self.targets[0].text) if self.targets else 0

    def describe(self):
        parts = []
        if self.run:
            parts.append(f"command: {shlex.join(self.run.command)}")
            parts.append("still running" if self.run.status is None else f"exit status: {self.run.status}")
            parts.append(f"standard output:\n{expect.shorten(self.run.stdout)}")
            parts.append(f"standard error:\n{expect.shorten(self.run.stderr)}")
        for target in self.targets:
            ended = target.process.poll()
            state = "running" if ended is None else f"ended with status {ended}"
            parts.append(f"target ({state}): {target.description}\n{expect.shorten(target.text)}")
        return "\n".join(parts)


def perform(test, context):
    """Carries out the steps; a list of what went wrong. A wrong expectation does not hide the others about a run."""
    problems = []
    steps = test.steps
    for index, (key, value) in enumerate(steps):
        if key in blocks.CHECKS:
            wrong = expect.problem(context, key, context.fill(value))
            if wrong:
                problems.append(f"{key} {context.fill(value)}\n  {wrong}")
        elif key == "TARGET":
            following = steps[index + 1] if index + 1 < len(steps) else ("", "")
            context.start_target(context.fill(value), following[1] if following[0] == "READY" else "^ready$")
        elif key == "BACKGROUND":
            context.start_background(context.fill(value))
        elif key == "UNDER":
            context.under = shlex.split(context.fill(value))
        elif key == "DURING":
            context.during.append(value)
        elif key == "RUN":
            context.start_run(context.fill(value))
            if "EXIT" not in expectations_of_run(steps, index) and context.run.status != 0:
                problems.append(f"EXIT 0\n  exit status {context.run.status}")
        if problems and (index + 1 == len(steps) or steps[index + 1][0] == "RUN"):
            return [*problems, context.describe()]
    return problems


def expectations_of_run(steps, index):
    keys = set()
    for key, _ in steps[index + 1:]:
        if key == "RUN":
            break
        keys.add(key)
    return keys


def on_alarm(number, frame):
    raise TimedOut


def run_test(test, rtprof):
    """Runs one test in a folder of its own; what went wrong, in words."""
    out = pathlib.Path(tempfile.mkdtemp(prefix="rtprof-test-"))
    out.chmod(0o777)
    context = Context(test, rtprof, out)
    signal.signal(signal.SIGALRM, on_alarm)
    signal.setitimer(signal.ITIMER_REAL, test.timeout)
    try:
        return perform(test, context)
    except TimedOut:
        return [f"not done after {test.timeout:g} s\n{context.describe()}"]
    except (Failed, blocks.Mistake, OSError, ValueError) as error:
        return [f"{error}\n{context.describe()}"]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        processes.end_descendants()
        shutil.rmtree(out)


def run_undisturbed(test, rtprof):
    """Runs a test, again where it failed and the host had disturbed it; what went wrong in the last attempt."""
    for attempt in range(ATTEMPTS):
        watch = host.Watch()
        problems = run_test(test, rtprof)
        disturbance = watch.disturbance()
        if not problems or not disturbance:
            break
        if attempt + 1 < ATTEMPTS:
            print(f"disturbed {test.name}: {disturbance}; once more", flush=True)
            print_problems(problems)
    return problems


def print_problems(problems):
    for problem in problems:
        print(f"--- {problem}", flush=True)


def quoted(value):
    return f"[==[{value}]==]"


def write_ctest(tests, files, rtprof, output):
    """Declares each test to ctest. The commands are those of a CTestTestfile."""
    lines = []
    for test in tests.values():
        command = [sys.executable, HERE / "runner.py", "--rtprof", rtprof, "--only", test.name, *files]
        lines.append(f"add_test({quoted(test.name)} {' '.join(quoted(word) for word in command)})")
        lines.append(
            f"set_tests_properties({quoted(test.name)} PROPERTIES LABELS {test.label}"
            f" TIMEOUT {ATTEMPTS * test.timeout + GRACE_SECONDS:g} PROCESSORS {test.cores})"
        )
    pathlib.Path(output).write_text("\n".join(lines) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--rtprof", required=True, type=pathlib.Path)
    parser.add_argument("--only")
    parser.add_argument("--ctest")
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    files = [path.resolve() for path in options.files] or sorted(HERE.glob("*.test"))
    rtprof = options.rtprof.resolve()
    tests = blocks.load(files)
    if options.ctest:
        write_ctest(tests, options.files, rtprof, options.ctest)
        return 0
    if options.only:
        tests = {options.only: tests[options.only]}
    processes.adopt_orphans()
    failed = 0
    for test in tests.values():
        problems = run_undisturbed(test, rtprof)
        print(f"{'FAILED' if problems else 'passed'} {test.name}", flush=True)
        print_problems(problems)
        failed += bool(problems)
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed or not tests else 0


sys.exit(main())
