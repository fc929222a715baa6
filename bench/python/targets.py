"""Starts the workloads in the interpreters of the zoo."""

import contextlib
import ctypes
import itertools
import mmap
import os
import pathlib
import signal

import processes
import zoo

VERSIONS = ("3.9", "3.11", "3.13", "3.14", "3.15")
TACHYON_TARGET = ("3.15", "plain")
# This machine's own: Austin does not know 3.15 yet, does not find an interpreter after a chroot, and has no CPU mode
# in a container.
AUSTIN_TARGET = ("3", "plain")

numbers = itertools.count()


def root_of(python):
    """The root directory that the interpreter sees."""
    program = zoo.PROGRAMS.get(f"python{python}")
    return zoo.ROOTS[program[0]].path if program else pathlib.Path("/")


@contextlib.contextmanager
def running(scratch, python, workload, *args, where="plain", seconds=3600):
    """A workload that has said it is ready. Ended at the end of the context."""
    words = [f"zoo {where} python{python} {workload} {seconds}", *map(str, args)]
    target = processes.Target(" ".join(words), scratch, next(numbers))
    try:
        if not target.wait_for(r"^ready$"):
            raise RuntimeError(f"{target.description}: {target.text}")
        yield target
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(target.pid(), signal.SIGKILL)
        target.process.kill()
        target.process.wait()


class SharedWords:
    """64-bit words in a file of the zoo's root, which the workload maps as well: `path` is what it sees."""

    def __init__(self, python, count):
        self.outside = root_of(python) / "tmp" / f"rtprof-bench-{os.getpid()}-{next(numbers)}"
        self.path = f"/tmp/{self.outside.name}"
        size = 8 * count
        with open(self.outside, "wb") as file:
            file.truncate(size)
        with open(self.outside, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), size)
        self.words = (ctypes.c_uint64 * count).from_buffer(self.memory)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.outside.unlink()
