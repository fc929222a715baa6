#!/usr/bin/env python3
"""Prints line_tables.inc: line tables as real interpreters make them, with the lines they say.

    make_line_tables.py 'python3.9' 'chroot ROOT python3.13' … > line_tables.inc

Each argument is the command of an interpreter that takes a program on standard input.
"""
import shlex
import subprocess
import sys

# Runs in each interpreter. Prints an initialiser for each code object.
MAKER = r'''
import dis, sys, types

SOURCE = """
def negative_steps(f):
    value = f(
        1,
        2,
    ) + f(
        3)
    return (value
            + 1) if value else [
                x for x in range(3)]

def no_line(path):
    try:
        with open(path) as file:
            for line in file:
                yield line
    finally:
        print(path)

@property

def far_apart(x):
    a = [
        x,
""" + "\n" * 400 + """
        x(),
    ]
    return a, \
        x

async def näme(数):
    async with 数 as q:
        await q.get(
            数)

class 类:
    field = 1
    def method(self): return self.field
"""

def ranges(code):
    size = len(code.co_code)
    if sys.version_info >= (3, 10):
        for start, end, line in code.co_lines():
            if start < end:
                yield start, end, line or 0
        return
    start, line = 0, code.co_firstlineno
    for address, next_line in dis.findlinestarts(code):
        if address > start:
            yield start, address, line
        start, line = address, next_line
    if start < size:
        yield start, size, line

def show(code):
    table = code.co_linetable if sys.version_info >= (3, 10) else code.co_lnotab
    data = ", ".join("0x%02x" % byte for byte in bytearray(table))
    lines = ", ".join("{%d, %d, %d}" % r for r in ranges(code))
    print('{%d, "%s", %d, {%s}, {%s}},' % (
        sys.version_info[1], code.co_name.encode("ascii", "replace").decode(), code.co_firstlineno, data, lines))
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            show(constant)

show(compile(SOURCE, "source.py", "exec"))
'''


def main():
    print("// Made by make_line_tables.py.")
    print("// clang-format off")
    for command in sys.argv[1:]:
        result = subprocess.run(shlex.split(command) + ["-"], input=MAKER.encode(), stdout=subprocess.PIPE, check=True)
        sys.stdout.write(result.stdout.decode())
    print("// clang-format on")


if __name__ == "__main__":
    main()
