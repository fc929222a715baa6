"""A thread that computes inside an interpreter of its own, beside the main one.

Truth: the thread named guest is in guest_work of the file /srv/guest.py, inside a second interpreter; the thread
of the main interpreter computes in host_work; how they share the CPU time is up to the GIL. Both give way now
and then: before 3.12 a thread that waits for the GIL cannot ask another interpreter's thread for it. Needs
CPython's internal module for interpreters, 3.8 to 3.15.
"""

import os
import threading
import time

try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

import workload

started, start = os.pipe()
GUEST = """
source = '''
import os
import time

def guest_work():
    while True:
        for _ in range(20000):
            pass
        time.sleep(0)

os.write(%d, b"x")
guest_work()
'''
exec(compile(source, '/srv/guest.py', 'exec'), {})
""" % start


def host_work():
    while True:
        for _ in range(20000):
            pass
        time.sleep(0)


def guest():
    interpreters.run_string(interpreters.create(), GUEST)


threading.Thread(target=guest, name="guest", daemon=True).start()
os.read(started, 1)
workload.run(host_work)
