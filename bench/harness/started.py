"""Targets that run while something is measured, and the words of memory in which they count their work."""

import contextlib
import ctypes
import itertools
import mmap
import os
import signal
import time

import processes

numbers = itertools.count()


@contextlib.contextmanager
def started(scratch, description, ready=r"^ready$"):
    """A process described as the tests do, which has said it is ready. Ended at the end of the context."""
    target = processes.Target(description, scratch, next(numbers))
    try:
        if not target.wait_for(ready):
            raise RuntimeError(f"{target.description}: {target.text}")
        yield target
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(target.pid(), signal.SIGKILL)
        target.process.kill()
        target.process.wait()


class SharedWords:
    """64-bit words in a file, which a target maps as well. `outside` is its path, `path` what the target sees."""

    def __init__(self, directory, count, path_of=str):
        self.outside = directory / f"rtprof-bench-{os.getpid()}-{next(numbers)}"
        self.path = path_of(self.outside)
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


def work_rate(shared, seconds):
    """Pieces of work a second over the next seconds, all words taken together."""
    begin, count = time.monotonic(), sum(shared.words)
    time.sleep(seconds)
    return (sum(shared.words) - count) / (time.monotonic() - begin)
