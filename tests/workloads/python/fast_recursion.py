"""Recursion that goes up and down all the time (Fibonacci numbers), each call some 100 ns.

Truth: a stack holds from 1 to 21 calls of fib, one below the other, with nothing between or below them; of two
neighbours the upper one is on the line of its left or of its right call. All CPU time is under fib. The two lines are printed as truth.
"""

import workload


def fib(n):
    if n < 2:
        return n
    left = fib(n - 1)
    right = fib(n - 2)
    return left + right


def main():
    while True:
        fib(20)


first = fib.__code__.co_firstlineno
workload.say("truth", {"left": first + 3, "right": first + 4})
workload.run(main)
