"""A generator and its consumer, alternating every few hundred nanoseconds.

Truth: produce, and helper below it, appear only below consume's line that calls next(); below the lines of
arithmetic there is nothing. The line of the call is printed as truth.
"""

import workload


def helper(value):
    return value ^ 5


def produce():
    value = 0
    while True:
        value = helper(value)
        yield value


def consume(source):
    total = 0
    while True:
        item = next(source)
        total = (total * 3 + item) % 1000003
        total = (total * 5 + item) % 1000003


workload.say("truth", {"next": consume.__code__.co_firstlineno + 3})
workload.run(lambda: consume(produce()))
