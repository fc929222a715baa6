"""What the agent weighs, and what it leaves in a JVM that is attached to again and again, and when rtprof is killed."""

import pathlib
import re
import subprocess
import sys

import async_profiler
import inference
import recorder
import stopwatch
from beside_async_profiler import shared_words

BENCH = pathlib.Path(__file__).resolve().parent.parent
LIBRARY = BENCH.parent / "build/agents/rtprof-jvm-agent.so"
CHECK = BENCH.parent / "tests/runtime/checks/killed_agent.py"
JDKS = ("8", "11", "17", "21", "25", "26")
MOST_BYTES = 500_000
FIRST, CYCLES = 10, 1000


def size(context):
    """Bytes of the agent's library"""
    own = LIBRARY.stat().st_size
    theirs = (async_profiler.cache() / async_profiler.LIBRARY).stat().st_size
    context.row(
        "size", "agent library", f"{own / 1e3:.0f} KB", {"async-profiler": f"{theirs / 1e3:.0f} KB"}, "≤ 500 KB",
        inference.at_most([own], MOST_BYTES), bytes=own,
    )


def native_memory_kb(pid):
    """What HotSpot's native memory tracking counts as committed, without the Java heap."""
    said = stopwatch.run([async_profiler.attach(), pid, "jcmd", "VM.native_memory summary"]).output
    committed = {name.strip(): int(kb) for name, kb in re.findall(r"- +([\w ]+) \(reserved=\d+KB, committed=(\d+)KB\)", said)}
    if not committed:
        raise recorder.ToolError(f"no native memory tracking: {said}")
    return sum(kb for name, kb in committed.items() if name != "Java Heap")


def kept_by(pid):
    """(threads, mappings of the agent, descriptors, files of ours)"""
    process = pathlib.Path(f"/proc/{pid}")
    files = [path for place in ("tmp", "dev/shm", "var/tmp") for path in (process / "root" / place).glob(".rtprof*")]
    maps = (process / "maps").read_text()
    return {
        "threads": len(list((process / "task").iterdir())),
        "libraries": len(re.findall(r"r-xp.*agent\.so", maps)),
        "descriptors": len(list((process / "fd").iterdir())),
        "files": len(files),
    }


def cycle(context, pid, count):
    for _ in range(count):
        stopwatch_run = subprocess.run(
            [context.options.rtprof, "attach", "--pid", str(pid), "-q", "-e", "alloc", "-d", "20ms", "-o", "/dev/null",
             "-f", "collapsed"], capture_output=True, text=True, check=False,
        )
        if stopwatch_run.returncode:
            raise recorder.ToolError(stopwatch_run.stderr)


def cycles(context):
    """Native memory, threads and files after 1,000 attachments under load"""
    for jdk in JDKS if not context.quick else ("17",):
        with shared_words(jdk, 1) as shared:
            words = ("-XX:NativeMemoryTracking=summary", "-Xmx256m", "Counted", 3600, 1, shared.path)
            with context.java(jdk, *words) as target:
                cycle(context, target.pid(), FIRST)
                before, kept_before = native_memory_kb(target.pid()), kept_by(target.pid())
                cycle(context, target.pid(), 20 if context.quick else CYCLES)
                after, kept = native_memory_kb(target.pid()), kept_by(target.pid())
        grown = after - before
        more = {name: kept[name] - kept_before[name] for name in kept if kept[name] != kept_before[name]}
        is_met = grown <= 1024 and kept["files"] == 0 and kept["libraries"] == 1 and more.get("threads", 0) <= 0
        context.row(
            "cycles", f"{CYCLES:,} attachments under load, JDK {jdk}",
            f"native memory {grown:+} KB, {kept['libraries']} library, {kept['files']} files, " +
            (", ".join(f"{name} {count:+}" for name, count in more.items()) or "nothing else more"), {},
            "within 1 MB, no thread or file", inference.MET if is_met else inference.NOT_MET, kept=kept, before=kept_before,
        )


def killed(context):
    """rtprof is killed at random instants, while it loads its agent and after"""
    times = 10 if context.quick else 200
    for jdk in JDKS if not context.quick else ("17",):
        with context.java(jdk, "Allocates", 3600, 50, 1) as target:
            said = subprocess.run(
                [sys.executable, CHECK, str(target.pid()), str(times), context.options.rtprof, "1", "alloc"],
                capture_output=True, text=True, check=False,
            )
        context.row(
            "killed", f"{times} kills, JDK {jdk}", said.stderr.strip() or "target unharmed, nothing left after a second", {},
            "unharmed, quiet within 1 s", inference.MET if said.returncode == 0 else inference.NOT_MET,
        )
