"""What the host of a virtual machine does to a measurement."""

import os
import time

# Of the time that a test took. Bars on weights and shares are 1 % and wider.
TOLERATED = 0.01


def stolen_seconds():
    """Time for which CPUs of this machine had something to run and the host ran something else: proc_stat(5)."""
    with open("/proc/stat", encoding="ascii") as stat:
        fields = stat.readline().split()
    return int(fields[8]) / os.sysconf("SC_CLK_TCK")


class Watch:
    """Tells whether the host has disturbed what was measured since the watch was made."""

    def __init__(self):
        self.start, self.stolen_before = time.monotonic(), stolen_seconds()

    def disturbance(self):
        """In words; empty when there was none to speak of."""
        elapsed, stolen = time.monotonic() - self.start, stolen_seconds() - self.stolen_before
        if stolen <= TOLERATED * elapsed:
            return ""
        return f"the host kept CPUs from this machine for {stolen:.2f} of {elapsed:.2f} s"
