"""One function of 20,000 lines, whose line table is some 100 kB, hot near its end.

Truth: all CPU time is below the function long; its line is 20002 (first) or 20004 (second), in the file
/srv/long.py, with first having 25 % and second 75 % of the CPU time.
"""

import time

import workload

SOURCE = """def long(x, first, second, rounds):
{filler}
    for _ in rounds:
        x = first()

        x = second()
"""


def first():
    spin(0.0002)


def second():
    spin(0.0006)


def spin(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        for _ in range(30):
            pass


def forever():
    while True:
        yield


scope = {}
filler = "\n".join("    x = x + %d" % index for index in range(19999))
exec(compile(SOURCE.format(filler=filler), "/srv/long.py", "exec"), scope)
workload.run(lambda: scope["long"](0, first, second, forever()))
