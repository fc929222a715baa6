"""Where the other profilers come from: py-spy and Austin from PyPI, Tachyon (profiling.sampling) from the zoo's 3.15.

They are installed once, into a virtual environment in the cache; remove that to get newer ones. Austin's wheel is
linked against a newer C library than the stable distributions have, and Tachyon must be the very build of the
target: both run by the loader of the zoo's newest root.
"""

import os
import re
import shutil
import subprocess
import sys

import compiled
import zoo

PACKAGES = ("py-spy", "austin-dist", "austin-python")


def cache():
    return compiled.cache() / "peers"


def install():
    place = cache()
    if (place / "complete").exists():
        return
    shutil.rmtree(place, ignore_errors=True)
    print(f"installing {', '.join(PACKAGES)} into {place}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    subprocess.run([place / "bin/pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES], check=True)
    (place / "complete").touch()


def newest_loader():
    root = zoo.ROOTS["sid"].path
    libraries = root / "usr/lib/x86_64-linux-gnu"
    return [str(libraries / "ld-linux-x86-64.so.2"), "--library-path", str(libraries)]


def py_spy():
    return [str(cache() / "bin/py-spy")]


def austin():
    return [*newest_loader(), str(cache() / "bin/austin")]


def austin_converter():
    return [str(cache() / "bin/mojo2austin")]


def tachyon():
    return [*newest_loader(), str(zoo.ROOTS["sid"].path / "usr/bin/python3.15"), "-m", "profiling.sampling"]


# The zoo's Python finds its library by this, and its root has no locale but C.
TACHYON_ENVIRONMENT = {"PYTHONHOME": str(zoo.ROOTS["sid"].path / "usr"), "LC_ALL": "C"}


def versions(rtprof):
    """Name → what the tool says of itself."""
    commands = {
        "rtprof": ([rtprof, "--version"], {}),
        "py-spy": ([*py_spy(), "--version"], {}),
        "Austin": ([*austin(), "--version"], {}),
        "Tachyon": ([*tachyon()[:-2], "--version"], TACHYON_ENVIRONMENT),
    }
    said = {}
    for name, (command, environment) in commands.items():
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, **environment},
        )
        said[name] = re.sub(r"\s+", " ", (done.stdout or done.stderr).strip())
    said["Tachyon"] = f"profiling.sampling of {said['Tachyon']}"
    return said
