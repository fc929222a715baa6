"""HotSpot's own log of its safepoints: how many there were, and for how long the program stood still."""

import pathlib
import re

NAME = "rtprof-bench-safepoints.log"
OPTION = f"-Xlog:safepoint:file=/tmp/{NAME}"
# JDK 17 to 25; nanoseconds from the decision to stop until the threads go on.
LINE = re.compile(r'Safepoint "(?P<why>\w+)", .*\bTotal: +(?P<total>\d+) ns')


def parse(text):
    """[(reason, ns)]"""
    return [(match["why"], int(match["total"])) for match in LINE.finditer(text)]


def of_process(pid):
    """Of a JVM that was started with OPTION."""
    return parse(pathlib.Path(f"/proc/{pid}/root/tmp/{NAME}").read_text(encoding="ascii"))
