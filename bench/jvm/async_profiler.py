"""async-profiler from Maven Central, installed once into the cache; remove that to get a newer one.

The package holds the library, not its command `asprof`, which does no more than to load the library through the
JVM's attach protocol with the words of its options, once to start and once to stop: attach.c does the same.
"""

import pathlib
import re
import shutil
import subprocess
import zipfile

import beside_perf
import compiled
import java_stacks
import recorder

HERE = pathlib.Path(__file__).resolve().parent
LIBRARY = "linux-x64/libasyncProfiler.so"


def cache():
    return compiled.cache() / "async-profiler"


def install():
    """The version that is there."""
    if not (cache() / "complete").exists():
        shutil.rmtree(cache(), ignore_errors=True)
        cache().mkdir(parents=True)
        print(f"installing async-profiler into {cache()}", flush=True)
        subprocess.run([
            "mvn", "--batch-mode", "--quiet", "-f", HERE / "peers.xml", "dependency:copy-dependencies",
            f"-DoutputDirectory={cache()}",
        ], check=True)
        with zipfile.ZipFile(jar()) as packed:
            packed.extract(LIBRARY, cache())
        (cache() / "complete").touch()
    return re.search(r"-([\d.]+)\.jar$", jar().name)[1]


def jar():
    return next(cache().glob("async-profiler-*.jar"))


def attach():
    """The program that speaks the JVM's attach protocol."""
    return compiled.build("attach", folder=HERE)


def inside(pid, name):
    """A file of the target's /tmp, as it is seen from outside."""
    return pathlib.Path(f"/proc/{pid}/root/tmp/{name}")


def give_library(pid):
    """Puts the library where the target can load it; its path there."""
    name = f"{jar().stem}.so"
    if not inside(pid, name).exists():
        shutil.copy(cache() / LIBRARY, inside(pid, name))
    return f"/tmp/{name}"


def interval_ns(rate):
    return round(1e9 / rate)


class AsyncProfiler(recorder.Tool):
    """One at a time for a target. `options` are further words for the library."""

    RESULT = "async-profiler.collapsed"
    # Threads as root frames, what Java methods are (`_[j]`, …) at their end, weights in ns.
    FORMAT = "collapsed,threads,ann,total"

    def __init__(self, results, scratch, *options):
        super().__init__(results, scratch)
        self.options = options
        self.name = " ".join(["async-profiler", *options])

    def begin(self, event, rate):
        """The words that say what to record."""
        return [f"event={event}", f"interval={interval_ns(rate)}", *self.options]

    def command(self, pid, event, rate, seconds):
        """As `asprof -e EVENT -i INTERVAL -d SECONDS` does."""
        load = f"{attach()} {pid} load {give_library(pid)} true"
        begin = ",".join(["start", *self.begin(event, rate)])
        end = f"stop,file=/tmp/{self.RESULT},{self.FORMAT}"
        return ["sh", "-c", f"{load} {begin},{self.FORMAT} && sleep {seconds} && exec {load} {end}"]

    def start(self, pid, event="cpu", rate=1000, seconds=3):
        self.result = inside(pid, self.RESULT)
        self.result.unlink(missing_ok=True)
        return super().start(pid, event, rate, seconds)

    def understand(self, finished, event, rate, seconds):
        if not self.result.exists():
            raise recorder.ToolError(f"{self.name} wrote nothing: {finished.output}")
        stacks = java_stacks.of_async_profiler(self.result)
        return beside_perf.Recording(finished.cpu_s, stacks={event: stacks})
