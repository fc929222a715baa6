"""Compiles the benchmarks' C and C++ programs, once for each state of their sources and options."""

import hashlib
import os
import pathlib
import subprocess

SOURCES = pathlib.Path(__file__).resolve().parent.parent / "native"
COMPILERS = {".c": ["cc"], ".cc": ["c++", "-std=c++17"]}


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(base) / "rtprof-bench"


def build(name, *options, folder=SOURCES):
    """The path of the compiled program."""
    source = next(path for path in (folder / f"{name}{suffix}" for suffix in COMPILERS) if path.exists())
    parts = [source.read_bytes(), *(header.read_bytes() for header in sorted(SOURCES.glob("*.h")))]
    digest = hashlib.sha256(b"\0".join([*parts, *map(str.encode, options)])).hexdigest()[:16]
    program = cache() / f"{name}-{digest}"
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        compiler = COMPILERS[source.suffix]
        subprocess.run([*compiler, "-O2", "-Wall", "-Wextra", f"-I{SOURCES}", *options, "-o", program, source], check=True)
    return program
