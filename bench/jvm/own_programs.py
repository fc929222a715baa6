"""The benchmark's own Java programs, compiled together with those of the tests, from which they take their work."""

import pathlib
import shutil
import tempfile

import recorder
import started
import zoo

PROGRAMS = pathlib.Path(__file__).resolve().parent / "programs"


def install(root):
    """The path of the classes inside a root; what is there is never changed, as that of the tests."""
    with tempfile.TemporaryDirectory(prefix="rtprof-bench-") as folder:
        sources = pathlib.Path(folder) / "java"
        sources.mkdir()
        for path in (*zoo.JAVA_WORKLOADS.glob("*.java"), *PROGRAMS.glob("*.java")):
            shutil.copy(path, sources)
        inside = pathlib.Path("workloads") / f"bench-{zoo.name_by_content(sources, repr(zoo.JARS))}"
        place = root / inside
        if not place.is_dir():
            part = place.with_name(f".{place.name}.part")
            shutil.rmtree(part, ignore_errors=True)
            zoo.compile_java(sources, part)
            part.rename(place)
    return f"/{inside}"


def java(context, jdk, *words):
    """A context with one of the programs, which has said it is ready. `words`: options of Java, its name, its arguments."""
    root = zoo.ROOTS[zoo.PROGRAMS[f"java{jdk}"][0]]
    if not root.complete():
        raise recorder.ToolError(f"the zoo lacks {root.name}")
    command = ["zoo plain", f"java{jdk}", "-cp", install(root.path), *words]
    return started.started(context.scratch, " ".join(map(str, command)))
