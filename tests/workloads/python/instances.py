"""Makes instances of a class without end; all the time is spent in its __init__.

Truth: Point.__init__ is called by main, with nothing between them. From 3.12 on the interpreter has a frame of its own
there, which is no code of the program.
"""

import workload


class Point:
    def __init__(self, x):
        self.x = x
        for _ in range(200):
            pass


def main():
    while True:
        Point(1)


workload.run(main)
