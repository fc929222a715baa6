"""Runs a program under a seccomp filter, as containers have them: without.py CALL=ERRNO[,CALL=ERRNO...] PROGRAM ARG...

Each of the system calls fails with its error: without.py bpf=EPERM,ptrace=EPERM rtprof ...
"""

import ctypes
import errno
import os
import struct
import sys

NUMBERS = {"ptrace": 101, "perf_event_open": 298, "process_vm_readv": 310, "bpf": 321}  # x86-64
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD_WORD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, FAIL = 0x7FFF0000, 0x00050000

libc = ctypes.CDLL(None, use_errno=True)


def instruction(code, value, if_true=0, if_false=0):
    return struct.pack("=HBBI", code, if_true, if_false, value)


program = instruction(LOAD_WORD, 0)  # seccomp_data.nr
for rule in sys.argv[1].split(","):
    call, error = rule.split("=")
    program += instruction(JUMP_EQUAL, NUMBERS[call], 0, 1) + instruction(RETURN, FAIL | getattr(errno, error))
program += instruction(RETURN, ALLOW)
instructions = ctypes.create_string_buffer(program, len(program))
description = struct.pack("@HP", len(program) // 8, ctypes.addressof(instructions))
if os.geteuid() != 0 and libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
    raise OSError(ctypes.get_errno(), "prctl")
if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, description, 0, 0) != 0:
    raise OSError(ctypes.get_errno(), "seccomp")
os.execvp(sys.argv[2], sys.argv[2:])
