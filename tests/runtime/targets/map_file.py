"""Maps a file as the loader maps code, then runs a program in the same process: map_file.py FILE PROGRAM ARG..."""

import mmap
import os
import runpy
import sys

descriptor = os.open(sys.argv[1], os.O_RDONLY)
size = os.fstat(descriptor).st_size
mapped = mmap.mmap(descriptor, size, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC)
del sys.argv[:2]
sys.path.insert(0, os.path.dirname(sys.argv[0]))
runpy.run_path(sys.argv[0], run_name="__main__")
