"""What the groups of rows on the JVM are given: rtprof, async-profiler, and JVMs of the test zoo."""

import contextlib
import re
import subprocess

import async_profiler
import beside_perf
import group_context
import started
import zoo

JDKS = ("8", "11", "17", "21", "25", "26")
SAFEPOINTS = "-XX:+UnlockDiagnosticVMOptions -XX:+DebugNonSafepoints"
LOAD = zoo.JAVA_WORKLOADS.parent / "load.py"
CLIENTS = 4
LONGEST = 900  # s for which a service is under load, at most


class Context(group_context.GroupContext):
    def rtprof(self, *options):
        return beside_perf.Rtprof(self.results, self.scratch, self.options.rtprof, *options)

    def async_profiler(self, *options):
        return async_profiler.AsyncProfiler(self.results, self.scratch, *options)

    def java(self, jdk, *words, ready="^ready$"):
        """A context with a Java program of the tests, which has said it is ready."""
        return started.started(self.scratch, f"zoo plain java{jdk} " + " ".join(map(str, words)), ready)

    def own_java(self, *words):
        """The same on this machine's own JDK, which its jcmd finds."""
        root = zoo.ROOTS[zoo.PROGRAMS["java17"][0]]
        classes = root.path / zoo.install_workloads(root).lstrip("/")
        return started.started(self.scratch, " ".join(map(str, ["sh exec java -cp", classes, *words])))

    @contextlib.contextmanager
    def tomcat(self, jdk):
        """The same with Tomcat under load."""
        ready = r"^serving on port (?P<port>\d+)$"
        with self.java(jdk, "-cp", ".:lib/*", "TomcatService", LONGEST, ready=ready) as target:
            load = subprocess.Popen(
                [LOAD, target.wait_for(ready)["port"], str(LONGEST), str(CLIENTS)], stdout=subprocess.PIPE,
            )
            try:
                load.stdout.readline()
                yield target
            finally:
                load.kill()
                load.wait()


def root_of(jdk):
    """The root directory that the JVM sees."""
    return zoo.ROOTS[zoo.PROGRAMS[f"java{jdk}"][0]].path


def shared_words(jdk, count):
    """Words in the zoo's root, where the program finds them."""
    return started.SharedWords(root_of(jdk) / "tmp", count, lambda path: f"/tmp/{path.name}")


def make(options, results, scratch):
    """A context whose peer is installed and whose versions are noted."""
    said = subprocess.run([options.rtprof, "--version"], capture_output=True, text=True, check=False).stdout
    results.versions["rtprof"] = re.sub(r"\s+", " ", said.strip())
    results.versions["async-profiler"] = async_profiler.install()
    async_profiler.attach()
    return Context(options, results, scratch)
