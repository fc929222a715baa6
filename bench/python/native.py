"""Compiles the benchmarks' C helpers, once for each state of their source, and puts them where a target loads them."""

import hashlib
import pathlib
import shutil
import subprocess

import peers
import targets

SOURCES = pathlib.Path(__file__).resolve().parent.parent / "native"


def build(name, *options):
    """The path of the compiled program."""
    source = SOURCES / f"{name}.c"
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    program = peers.cache().parent / f"{name}-{digest}"
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cc", "-O2", "-Wall", "-Wextra", *options, "-o", program, source], check=True)
    return program


def gaps_for(python):
    """The library's path as a target of this version sees it."""
    library = build("gaps", "-shared", "-fPIC")
    copy = targets.root_of(python) / "tmp" / f"rtprof-bench-{library.name}.so"
    shutil.copyfile(library, copy)
    return f"/tmp/{copy.name}"
