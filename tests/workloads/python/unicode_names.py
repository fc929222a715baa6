"""Names outside ASCII: functions whose names need 1, 2 and 4 bytes a character, in a file with such a name too.

Truth: each of été, функция, 𠀀𠀁 and the ASCII plain has a quarter of the CPU time, as the leaf; the frame of
plain is in the file "файл_𠀀.py", lines 2 and 3.
"""

import itertools
import time

import workload


def été(until):
    while time.thread_time() < until:
        for _ in range(300):
            pass


def функция(until):
    while time.thread_time() < until:
        for _ in range(300):
            pass


def 𠀀𠀁(until):
    while time.thread_time() < until:
        for _ in range(300):
            pass


PLAIN = """def plain(until):
    while clock() < until:
        for _ in range(300): pass
"""


def main(functions):
    end = time.thread_time()
    for function in itertools.cycle(functions):
        end += 0.001
        function(end)


scope = {"clock": time.thread_time}
exec(compile(PLAIN, "/srv/файл_𠀀.py", "exec"), scope)
workload.run(lambda: main((été, функция, 𠀀𠀁, scope["plain"])))
