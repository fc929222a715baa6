"""Copies an ELF file without what follows its last loaded byte, section headers and symbol tables: cut_sections.py
FROM TO. It still runs, since only the program headers matter for that.
"""

import os
import struct
import sys

PT_LOAD = 1
image = open(sys.argv[1], "rb").read()
program_headers, = struct.unpack_from("<Q", image, 32)
entry_size, count = struct.unpack_from("<HH", image, 54)
end = 0
for index in range(count):
    kind, _, offset, _, _, file_size = struct.unpack_from("<IIQQQQ", image, program_headers + index * entry_size)
    if kind == PT_LOAD:
        end = max(end, offset + file_size)
with open(sys.argv[2], "wb") as file:
    file.write(image[:end])
os.chmod(sys.argv[2], 0o755)
