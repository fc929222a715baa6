"""Keeps a child that has ended and is not waited for; prints its pid."""

import os
import sys
import time

child = os.fork()
if child == 0:
    os._exit(0)
os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
print("zombie", child, flush=True)
time.sleep(float(sys.argv[1]))
