"""Starts the workloads in the interpreters of the zoo."""

import pathlib

import started
import zoo

VERSIONS = ("3.9", "3.11", "3.13", "3.14", "3.15")
TACHYON_TARGET = ("3.15", "plain")
# This machine's own: Austin does not know 3.15 yet, does not find an interpreter after a chroot, and has no CPU mode
# in a container.
AUSTIN_TARGET = ("3", "plain")


def root_of(python):
    """The root directory that the interpreter sees."""
    program = zoo.PROGRAMS.get(f"python{python}")
    return zoo.ROOTS[program[0]].path if program else pathlib.Path("/")


def running(scratch, python, workload, *args, where="plain", seconds=3600):
    """A context with a workload that has said it is ready."""
    words = [f"zoo {where} python{python} {workload} {seconds}", *map(str, args)]
    return started.started(scratch, " ".join(words))


def shared_words(python, count):
    """Words in the zoo's root, where the workload finds them."""
    return started.SharedWords(root_of(python) / "tmp", count, lambda path: f"/tmp/{path.name}")
