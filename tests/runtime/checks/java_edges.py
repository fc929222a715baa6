"""Whether stacks of workloads/java/Edges.java have calls that the program does not make: in 0.1 % of them at most.

usage: java_edges.py FILE         collapsed stacks, with or without marks of --jit-marks and lines
"""

import collections
import re
import sys

# Who calls each method of the program. Others of the program that are met are wrong.
CALLERS = {
    "Lambda.run": r"java/lang/Thread\.run(With)?",
    "Edges.lambda$main$": "Lambda.run",
    "Edges.loop": "Edges.lambda$main$",
    "Loader.<init>": "Edges.loop",
    "Loader.loadClass": r"java/lang/Class(Loader)?\.\w+",
    "Work.<init>": r"(jdk|sun|java/lang)/(internal/|lang/)?(reflect|invoke)/.*",
    "Work.run": "Edges.loop",
    "Work.interfaces": "Work.run",
    "Work.hierarchy": "Work.run",
    "Work.cycle": "Work.run",
    "Work.exceptions": "Work.run",
    "Work.lambdas": "Work.run",
    "Work.arguments": "Work.run",
    "Work.intrinsics": "Work.run",
    "Work.locks": "Work.run",
    "Work.traps": "Work.run",
    "Square.<init>": "Work.interfaces",
    "Circle.<init>": "Work.interfaces",
    "Ring.<init>": "Work.interfaces",
    "Square.area": "Work.interfaces",
    "Circle.area": "Work.interfaces",
    "Ring.area": "Work.interfaces",
    "Work.squareLeaf": "Square.area",
    "Work.circleLeaf": "Circle.area",
    "Work.ringLeaf": "Ring.area",
    "Plain.<init>": "Work.hierarchy",
    "Late.<init>": "Work.hierarchy",
    "Node.<init>": "(Plain|Late).<init>",
    "Node.total": "Work.hierarchy",
    "Plain.value": "Node.total",
    "Late.value": "Node.total",
    "Work.plainLeaf": "Plain.value",
    "Work.lateLeaf": "Late.value",
    "Work.first": "Work.(cycle|third)",
    "Work.second": "Work.first",
    "Work.third": "Work.second",
    "Work.bottom": "Work.first",
    "Work.thrower": "Work.(exceptions|middle)",
    "Work.middle": "Work.thrower",
    "Work.last": "Work.thrower",
    "Work.caught": "Work.exceptions",
    "Work.applied": "Work.lambdas",
    "Lambda.applyAsInt": "Work.applied",
    "Lambda.<init>": r"Lambda\.get\$Lambda|(java/lang|jdk/internal|sun)/(invoke|reflect)/.*",
    "Lambda.get$Lambda": r"java/lang/invoke/.*",
    "Work.lambda$lambdas$": "Lambda.applyAsInt",
    "Work.lambdaLeaf": "Work.lambda$lambdas$",
    "Work.referenced": "Lambda.applyAsInt",
    "Work.many": "Work.arguments",
    "Work.more": "Work.many",
    "Work.moreLeaf": "Work.more",
    "Work.compared": "Work.intrinsics",
    "Work.copied": "Work.intrinsics",
    "Work.locked": "Work.locks",
    "Work.lockedLeaf": "Work.locked",
    "Work.trapped": "Work.traps",
    "Work.often": "Work.trapped",
    "Work.seldom": "Work.trapped",
    "Work.grind": "Work.trapped",
}
# What of the JDK a method of the program calls; and what HotSpot calls where a class or a call site is used first.
LIBRARY = {
    "Edges.loop": r"java/lang/(System\.nanoTime|Class\.\w+|reflect/Constructor\.newInstance\w*)",
    "Loader.<init>": r"java/lang/(ClassLoader\.<init>|Class\.\w+)",
    "Loader.loadClass": r"java/.*",
    "Lambda.<init>": r"java/lang/Object\.<init>",
    "Work.<init>": r"java/lang/Object\.<init>",
    "Square.<init>": r"java/lang/Object\.<init>",
    "Circle.<init>": r"java/lang/Object\.<init>",
    "Ring.<init>": r"java/lang/Object\.<init>",
    "Node.<init>": r"java/lang/Object\.<init>",
    "Work.bottom": r"java/lang/Object\.hashCode",
    "Work.middle": r"java/lang/IllegalStateException\.<init>",
    "Work.lambdas": r"java/lang/invoke/.*",
    "Work.moreLeaf": r"java/lang/String\.length",
    "Work.compared": r"java/lang/String\.(compareTo|equals|indexOf)",
    "Work.copied": r"java/lang/System\.arraycopy",
}
BY_HOTSPOT = r"java/lang/ClassLoader\.(loadClass|checkPackageAccess)|java/lang/invoke/MethodHandleNatives\.\w+"
# All that is there is not met in a few seconds, but most of it.
FEWEST = 40
# Of the weight, in stacks with a call that the program does not make: code that was replaced between a sample and its
# reading may look as if it had been called.
MOST_WRONG = 0.001


def plain(frame):
    """The name of a method without class loaders' and compilers' additions: "Work.first", "java/lang/Thread.run"."""
    frame = re.sub(r"(:\d+)?(_\[[01ji]\])?$", "", frame)
    frame = re.sub(r"^Edges(\$Work)?\$\$Lambda.*\.", "Lambda.", frame)
    frame = re.sub(r"(lambda\$\w+\$)\d+$", r"\1", frame)
    return frame.removeprefix("Edges$")


def is_of_program(name):
    return not name.startswith(("java/", "jdk/", "sun/", "["))


def pattern(callers):
    """Names of the program are what they are, patterns of others are regular expressions."""
    return callers if "/" in callers else re.sub(r"[$<>.]", r"\\\g<0>", callers)


def is_possible(caller, callee):
    if callee.endswith(".<clinit>"):
        return True
    if is_of_program(callee):
        return callee in CALLERS and bool(re.fullmatch(pattern(CALLERS[callee]), caller))
    if is_of_program(caller):
        return bool(re.fullmatch(f"({LIBRARY.get(caller, '(?!)')})|{BY_HOTSPOT}", callee))
    return True


def main():
    wrong, met, total, unknown, misread = {}, collections.Counter(), 0, 0, 0
    for line in open(sys.argv[1], encoding="utf-8"):
        stack, weight = line.rstrip("\n").rsplit(" ", 1)
        names = [plain(frame) for frame in stack.split(";")]
        total += int(weight)
        unknown += int(weight) if names[0].startswith(("[unknown", "[truncated")) else 0
        possible = True
        for caller, callee in zip(names, names[1:]):
            if caller.startswith("["):
                continue
            if not is_possible(caller, callee):
                possible = False
                wrong.setdefault((caller, callee), stack)
            elif is_of_program(callee):
                met[callee] += int(weight)
        misread += 0 if possible else int(weight)
    problems = []
    if misread > MOST_WRONG * total:
        problems += [f"{caller} does not call {callee}: {stack}" for (caller, callee), stack in wrong.items()]
    if len(met) < FEWEST:
        problems.append(f"of {len(CALLERS)} methods no more than {len(met)} were met: {dict(met)}")
    if unknown > 0.01 * total:
        problems.append(f"callers are unknown in {unknown} of {total}")
    print(f"{len(met)} methods, {total} samples, {unknown} with unknown callers, {misread} with impossible ones", *problems, sep="\n")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
