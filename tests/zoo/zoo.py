"""What the test zoo holds and where: Debian suites unpacked side by side, each with its own CPython.

A root is an ordinary Debian root directory of packages that were unpacked but never configured. It is good for
running an interpreter inside a chroot or a container, with libraries and loader of its own suite.
"""

import dataclasses
import glob
import hashlib
import os
import pathlib
import shutil

HERE = pathlib.Path(__file__).resolve().parent
WORKLOADS = HERE.parent / "workloads" / "python"
REQUIREMENTS = HERE / "requirements.txt"
# Where a root holds the packages of requirements.txt, and a fetched root the digest of what it was made from.
SITE = "opt/site"
STAMP = ".rtprof-zoo"


@dataclasses.dataclass(frozen=True)
class Root:
    suite: str
    packages: tuple
    options: tuple = ()

    @property
    def path(self):
        return cache() / self.suite

    def digest(self):
        spec = repr((self.suite, self.packages, self.options, REQUIREMENTS.read_text()))
        return hashlib.sha256(spec.encode()).hexdigest()

    def complete(self):
        stamp = self.path / STAMP
        return stamp.is_file() and stamp.read_text() == self.digest()


ROOTS = {
    root.suite: root
    for root in (
        Root("bullseye", ("python3.9", "coreutils")),
        Root("bookworm", ("python3.11", "coreutils", "uwsgi-core", "uwsgi-plugin-python3")),
        Root("trixie", ("python3.13", "coreutils")),
        # A rolling suite whose index may be a few days old on a mirror.
        Root("sid", ("python3.14", "python3.15", "coreutils"), ('--aptopt=Acquire::Check-Valid-Until "false"',)),
    )
}

# Program -> (root, path inside it).
PROGRAMS = {
    "python3.9": ("bullseye", "/usr/bin/python3.9"),
    "python3.11": ("bookworm", "/usr/bin/python3.11"),
    "python3.13": ("trixie", "/usr/bin/python3.13"),
    "python3.14": ("sid", "/usr/bin/python3.14"),
    "python3.15": ("sid", "/usr/bin/python3.15"),
    # uwsgi embeds CPython as a shared library in a program that is not an interpreter.
    "uwsgi": ("bookworm", "/usr/bin/uwsgi-core"),
}


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(os.environ.get("RTPROF_ZOO") or os.path.join(base, "rtprof-zoo"))


def local_programs():
    """Interpreters of this machine, for versions that no root has: program -> path. `python3` is Debian's own."""
    found = {"python3": "/usr/bin/python3"}
    for minor in range(8, 16):
        name = f"python3.{minor}"
        if name in PROGRAMS:
            continue
        pyenv = sorted(glob.glob(os.path.expanduser(f"~/.pyenv/versions/3.{minor}.*/bin/{name}")))
        path = pyenv[-1] if pyenv else shutil.which(name)
        if path:
            found[name] = path
    return found


def install_workloads(root):
    """Copies the workloads into a root, under a name made from their content, and returns their path inside it.

    Concurrent runs and other checkouts share the roots, so a copy is never changed once it is there.
    """
    files = sorted(path for path in WORKLOADS.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(WORKLOADS)}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    inside = pathlib.Path("workloads") / digest.hexdigest()[:16]
    place = root.path / inside
    if not place.is_dir():
        part = place.with_name(f".{place.name}.{os.getpid()}")
        shutil.copytree(WORKLOADS, part, ignore=shutil.ignore_patterns("__pycache__"))
        try:
            part.rename(place)
        except OSError:  # somebody else was faster
            shutil.rmtree(part)
    return f"/{inside}"
