"""Whether times add up: cpu to the process's own clock, cpu and waiting to elapsed time."""

import inference
import sampled
import waited
from figures import spread

CPU_SECONDS = 10


def targets(context):
    """Name → a context."""
    yield "known shares, JDK 21", context.java(21, "Shares", 900, 2)
    yield "javac, JDK 17", context.java(17, "Compiles", 900)
    yield "Tomcat, JDK 25", context.tomcat(25)


def beside_clock(tool, pid, seconds):
    """By how many per cent the weight of all stacks is off the process's CPU clock. rtprof tells the clock at the two
    ends of its recording; async-profiler does not, so that the rate is taken from outside meanwhile."""
    running = tool.start(pid, "cpu", 997, seconds)
    running.sleep_until(0.4)
    cpus = sampled.cpu_rate(pid, seconds - 0.5)
    recording = tool.finish(running)
    used = recording.stats.get("target_cpu_s", cpus * seconds)
    return 100 * (sum(recording.stacks["cpu"].values()) / 1e9 / used - 1)


def cpu_sum(context):
    """The sum of all CPU time against the process's CPU clock"""
    seconds = 3 if context.quick else CPU_SECONDS
    for name, program in targets(context):
        own, theirs = [], []
        with program as target:
            for _ in range(context.repetitions(6)):
                for tool, off in ((context.rtprof(), own), (context.async_profiler(), theirs)):
                    off.append(context.attempt(
                        f"cpu-sum, {name}, {tool.name}", lambda tool=tool: beside_clock(tool, target.pid(), seconds),
                    ))
        context.row(
            "cpu-sum", f"cpu in all against the process's CPU clock, {name}", spread(own, "%"),
            {"async-profiler": spread(theirs, "%")}, "within 1 %",
            inference.at_most([None if each is None else abs(each) for each in own], 1.0), own=own,
            async_profiler=theirs,
        )


def thread_sums(context):
    """CPU and off-CPU time of each thread against elapsed time"""
    seconds = 2 if context.quick else 6
    programs = {
        "known waits, JDK 25": context.java(25, "Waits", 900), "known waits, JDK 17": context.java(17, "Waits", 900),
        "Tomcat, JDK 21": context.tomcat(21),
    }
    for name, program in programs.items():
        with program as target:
            recording = context.attempt(
                f"cpu,offcpu of {name}",
                lambda pid=target.pid(): context.rtprof("-t").record(pid, "cpu,offcpu", 999, seconds),
            )
        if recording:
            waited.report_sum(context, name, recording)
