"""Runs a program under ptrace, as a debugger does; prints its pid: tracing.py exec|seize PROGRAM ARG...

exec: leaves it stopped at its first instruction, before its loader has run, and stops tracing it.
seize: goes on tracing it while it runs, and passes its stops on.
"""

import ctypes
import os
import signal
import sys

PTRACE_TRACEME, PTRACE_CONT, PTRACE_DETACH = 0, 7, 17
libc = ctypes.CDLL(None, use_errno=True)


def ptrace(request, pid, data=0):
    if libc.ptrace(request, pid, None, ctypes.c_void_p(data)) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")


def pass_stops_on(pid):
    while True:
        _, status = os.waitpid(pid, 0)
        if not os.WIFSTOPPED(status):
            return
        number = os.WSTOPSIG(status)
        ptrace(PTRACE_CONT, pid, 0 if number == signal.SIGTRAP else number)


child = os.fork()
if child == 0:
    ptrace(PTRACE_TRACEME, 0)
    os.execvp(sys.argv[2], sys.argv[2:])
os.waitpid(child, 0)
if sys.argv[1] == "exec":
    ptrace(PTRACE_DETACH, child, signal.SIGSTOP)
else:
    ptrace(PTRACE_CONT, child)
print("target", child, flush=True)
if sys.argv[1] == "seize":
    pass_stops_on(child)
else:
    os.waitpid(child, 0)
