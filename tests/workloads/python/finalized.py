"""A process whose interpreter has been taken down while the process lives on, held in a C function at exit.

Truth: there is no Python frame and no thread state left; the process sleeps until it is killed or, after SECONDS,
ends by SIGALRM.
"""

import ctypes
import signal

import workload

libc = ctypes.CDLL(None)
libc.__cxa_atexit(ctypes.cast(libc.pause, ctypes.c_void_p), None, None)
signal.signal(signal.SIGALRM, signal.SIG_DFL)
signal.setitimer(signal.ITIMER_REAL, workload.seconds())
workload.say("ready")
