"""What the test zoo holds and where: Debian suites unpacked side by side, with CPythons and JDKs of theirs.

A root is an ordinary Debian root directory of packages that were unpacked but never configured. It is good for
running an interpreter inside a chroot or a container, with libraries and loader of its own suite. One of them holds
Java libraries only, which services are made of.
"""

import dataclasses
import glob
import hashlib
import os
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
WORKLOADS = HERE.parent / "workloads" / "python"
JAVA_WORKLOADS = HERE.parent / "workloads" / "java"
REQUIREMENTS = HERE / "requirements.txt"
# Where a root holds the packages of requirements.txt, and a fetched root the digest of what it was made from.
SITE = "opt/site"
STAMP = ".rtprof-zoo"


@dataclasses.dataclass(frozen=True)
class Root:
    suite: str
    packages: tuple
    options: tuple = ()
    kind: str = "python"

    @property
    def name(self):
        return self.suite if self.kind == "python" else f"{self.suite}-{self.kind}"

    @property
    def path(self):
        return cache() / self.name

    def digest(self):
        requirements = REQUIREMENTS.read_text() if self.kind == "python" else ""
        spec = repr((self.suite, self.packages, self.options, requirements))
        return hashlib.sha256(spec.encode()).hexdigest()

    def complete(self):
        stamp = self.path / STAMP
        return stamp.is_file() and stamp.read_text() == self.digest()


# A rolling suite whose index may be a few days old on a mirror.
STALE = ('--aptopt=Acquire::Check-Valid-Until "false"',)

ROOTS = {
    root.name: root
    for root in (
        Root("bullseye", ("python3.9", "coreutils")),
        Root("bookworm", ("python3.11", "coreutils", "uwsgi-core", "uwsgi-plugin-python3")),
        Root("trixie", ("python3.13", "coreutils")),
        Root("sid", ("python3.14", "python3.15", "coreutils"), STALE),
        Root("bullseye", ("openjdk-11-jre-headless",), kind="java"),
        # Has the compiler's module, which makes the classes for all.
        Root("bookworm", ("openjdk-17-jre-headless",), kind="java"),
        Root("trixie", ("openjdk-21-jre-headless", "openjdk-25-jre-headless"), kind="java"),
        # JDK 8 is asked for allocations by names that are in its debug symbols only.
        Root("sid", ("openjdk-8-jre-headless", "openjdk-8-dbg", "openjdk-26-jre-headless"), STALE, kind="java"),
        Root(
            "bookworm",
            ("libtomcat10-embed-java", "libjakarta-annotation-api-java", "libjetty9-java", "libhsqldb-java"),
            kind="jars",
        ),
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
    "java8": ("sid-java", "/usr/lib/jvm/java-8-openjdk-amd64/jre/bin/java"),
    "java11": ("bullseye-java", "/usr/lib/jvm/java-11-openjdk-amd64/bin/java"),
    "java17": ("bookworm-java", "/usr/lib/jvm/java-17-openjdk-amd64/bin/java"),
    "java21": ("trixie-java", "/usr/lib/jvm/java-21-openjdk-amd64/bin/java"),
    "java25": ("trixie-java", "/usr/lib/jvm/java-25-openjdk-amd64/bin/java"),
    "java26": ("sid-java", "/usr/lib/jvm/java-26-openjdk-amd64/bin/java"),
}
JAVAC = (*PROGRAMS["java17"], "-m", "jdk.compiler/com.sun.tools.javac.Main")
# What the services of the Java workloads run on; beside the workloads, in a folder `lib`.
JARS = (
    "tomcat10-embed-core", "jakarta-annotation-api", "jetty9-server", "jetty9-http", "jetty9-io", "jetty9-util",
    "servlet-api", "hsqldb",
)


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


def needed_for(root):
    """The roots without which no program of `root` runs in the folder of the workloads."""
    return [root, *(each for each in ROOTS.values() if root.kind == "java" and each.kind == "jars")]


def name_by_content(folder, beside):
    """`beside`: what else the content is made of."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    digest = hashlib.sha256(beside.encode())
    for path in files:
        digest.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def install_workloads(root):
    """Puts the workloads into a root, under a name made from their content, and returns their path inside it: Python's
    as they are, Java's as classes for all JDKs, with the libraries of the services in `lib`.

    Concurrent runs and other checkouts share the roots, so what is there is never changed.
    """
    folder = WORKLOADS if root.kind == "python" else JAVA_WORKLOADS
    inside = pathlib.Path("workloads") / name_by_content(folder, repr(JARS) if root.kind == "java" else "")
    place = root.path / inside
    if not place.is_dir():
        part = place.with_name(f".{place.name}.{os.getpid()}")
        if root.kind == "python":
            shutil.copytree(folder, part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            compile_java(folder, part)
        try:
            part.rename(place)
        except OSError:  # somebody else was faster
            shutil.rmtree(part)
    return f"/{inside}"


def copy_jars(place):
    place.mkdir()
    for root in ROOTS.values():
        if root.kind == "jars":
            for name in JARS:
                shutil.copy(root.path / "usr/share/java" / f"{name}.jar", place)


def compile_java(sources, place):
    """Leaves the classes of a folder's sources in `place`. The compiler is the zoo's."""
    name, *javac = JAVAC
    root = ROOTS[name].path
    shared = root / "workloads" / f".classes.{os.getpid()}"
    shutil.copytree(sources, shared)
    try:
        copy_jars(shared / "lib")
        within = shared.relative_to(root)
        names = " ".join(f"/{within}/{path.name}" for path in sources.glob("*.java"))
        libraries = ":".join(f"/{within}/lib/{name}.jar" for name in JARS)
        command = f"{' '.join(javac)} -nowarn -source 8 -target 8 -cp {libraries} -d /{within} {names}"
        # The compiler finds its libraries by /proc/self/exe.
        script = f"mount -t proc proc {root}/proc && exec chroot {root} {command}"
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script], stderr=subprocess.PIPE, text=True, check=False,
        )
        if done.returncode:
            raise RuntimeError(f"javac failed:\n{done.stderr}")
        shutil.copytree(shared, place)
    finally:
        shutil.rmtree(shared)
