"""Runs a program on one of the processors that there are for us, counted from 0: on_cpu.py N PROGRAM ARG..."""

import os
import sys

os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[int(sys.argv[1])]})
os.execvp(sys.argv[2], sys.argv[2:])
