"""Time that is not spent on a CPU: whether all of it is there, and under the right reason."""

import collections
import re

import inference
from figures import number
from started import SharedWords

ALWAYS = r"\[(running|runnable)\]"  # states, not what a thread waited for
KINDS = ("sleep", "lock", "disk", "network", "pipe", "child", "fault", "preempted")
PYTHON_WAITS = {
    "sleep": "sleep", "select_nothing": "sleep", "lock": "lock", "flock": "lock", "socket_read": "network",
    "accept": "network", "poll_socket": "network", "epoll_socket": "network", "pipe_read": "pipe",
    "select_pipe": "pipe", "child": "child", "file_read": "disk", "fault": "fault", "preempted": "preempted",
}


def by_thread(recording):
    """Thread → ns of all events."""
    threads = collections.Counter()
    for stacks in recording.stacks.values():
        for stack, weight in stacks.items():
            threads[stack[0]] += weight
    return threads


def sums(context):
    """CPU and off-CPU time of each thread against elapsed time"""
    seconds = 2 if context.quick else 6
    targets = [("sleeper.py", 3), ("mixed_wall.py",), ("threads.py", 2, 8), ("waits.py", "pipe_read")]
    programs = {f"python3 {target[0]}": (context.python(*target), None) for target in targets}
    words = SharedWords(context.scratch, 1 + len(KINDS))
    programs["waits.c"] = (context.program("waits", words.path), words)
    for name, (program, shared) in programs.items():
        with program as target:
            if shared:
                shared.words[0] = 1
            recording = context.attempt(
                f"cpu,offcpu of {name}",
                lambda pid=target.pid(): context.rtprof("-t").record(pid, "cpu,offcpu", 999, seconds),
            )
        if recording:
            report_sum(context, name, recording)


def report_sum(context, name, recording):
    elapsed = recording.stats["duration_s"] * 1e9
    off = {thread: 100 * (weight / elapsed - 1) for thread, weight in by_thread(recording).items()}
    worst = max(off, key=lambda thread: abs(off[thread]))
    context.row(
        "offcpu-sum", f"cpu + offcpu of a thread against elapsed time, {name}",
        f"{off[worst]:+.2f} % in the worst of {len(off)} threads, {worst.split(' tid=')[0]}; "
        f"{sum(run['lost'] for run in recording.stats['runs'])} lost", {}, "within 1 %",
        inference.at_most([abs(off[worst])], 1.0), off=off,
    )


def right_share(stacks, reason_of):
    """Percentage of the time that has the right reason. `reason_of` a stack: its reason in truth, None for others."""
    right = wrong = 0
    for stack, weight in stacks.items():
        truth = reason_of(stack)
        if truth is None or re.fullmatch(ALWAYS, stack[0]):
            continue
        if stack[0] == f"[{truth}]":
            right += weight
        elif stack[0] != "[preempted]":  # may come at any time, and is true then
            wrong += weight
    return 100 * right / (right + wrong) if right + wrong else 0.0


def reasons(context):
    """Waiting time under the right reason, Python and C programs that wait in known ways"""
    python_reasons(context)
    native_reasons(context)


def python_reasons(context):
    seconds = 1 if context.quick else 2
    shares = {"wall": {}, "offcpu": {}}
    for wait, reason in PYTHON_WAITS.items():
        with context.python("waits.py", wait) as target:
            recording = context.attempt(
                f"wall,offcpu of {wait}",
                lambda pid=target.pid(): context.rtprof().record(pid, "wall,offcpu", 499, seconds),
            )
        if not recording:
            continue
        for event, stacks in recording.stacks.items():
            shares[event][wait] = right_share(
                stacks, lambda stack, wait=wait, reason=reason:
                reason if any(re.match(rf"({wait}|run)\b", frame) for frame in stack) else None,
            )
    for event, each in shares.items():
        worst = min(each, key=each.get)
        context.row(
            "reason", f"waiting time under the right reason, {event}, python3 in {len(each)} ways",
            f"{each[worst]:.2f} % in the worst, {worst}", {}, "≥ 99 %",
            inference.worst([inference.at_least([share], 99) for share in each.values()]), shares=each,
        )


def native_reasons(context):
    seconds = 2 if context.quick else 6
    for event in ("wall", "offcpu"):
        with SharedWords(context.scratch, 1 + len(KINDS)) as shared:
            with context.program("waits", shared.path) as target:
                tool = context.rtprof()
                running = tool.start(target.pid(), event, 999, seconds)
                running.sleep_until(0.4)
                shared.words[0] = 1
                running.sleep_until(seconds - 0.4)
                shared.words[0] = 0
                recording = context.attempt(f"{event} of waits.c", lambda: tool.finish(running))
                truth = dict(zip(KINDS, shared.words[1:]))
        if recording:
            report_native(context, event, recording.stacks[event], truth)


def kind_of(stack):
    return next((kind for kind in KINDS if f"wait_{kind}" in stack), None)


def report_native(context, event, stacks, truth):
    share = right_share(stacks, kind_of)
    seen = collections.Counter()
    for stack, weight in stacks.items():
        if stack[0] != "[running]" and kind_of(stack):
            seen[kind_of(stack)] += weight
    off = 100 * (sum(seen.values()) / sum(truth.values()) - 1)
    context.row(
        "reason", f"waiting time under the right reason, {event}, waits.c",
        f"{share:.2f} % of {number(sum(seen.values()) / 1e9)} s, which is {off:+.2f} % off the program's own clock",
        {}, "≥ 99 %, within 1 %",
        inference.worst([inference.at_least([share], 99), inference.at_most([abs(off)], 1.0)]),
        seen=dict(seen), truth=truth,
    )
