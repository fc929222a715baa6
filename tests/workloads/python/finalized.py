"""A process whose interpreter has been taken down while the process lives on, held in a C function at exit.

Truth: there is no Python frame and no thread state left; the process sleeps until it is killed or, after SECONDS,
ends by SIGALRM.
"""

import ctypes
import signal

import workload

libc = ctypes.CDLL(None)
libc.strdup.restype = ctypes.c_void_p
# The last one is called first: "ready" is printed when the interpreter is gone.
ready = ctypes.c_void_p(libc.strdup(b"ready"))
for function, argument in ((libc.pause, None), (libc.fflush, None), (libc.puts, ready)):
    libc.__cxa_atexit(ctypes.cast(function, ctypes.c_void_p), argument, None)
signal.signal(signal.SIGALRM, signal.SIG_DFL)
signal.setitimer(signal.ITIMER_REAL, workload.seconds())
