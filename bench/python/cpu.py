"""What a profiler costs itself: CPU time for one sample of one thread, and the fastest that it can sample.

CPU time is read off the clock of the profiler's process twice while it samples, so neither its start nor its output
counts; the time of the kernel's BPF programs is added for rtprof. It is divided by the samples that the tool
delivered in that time, each of one thread:

cpu: samples of threads that were on a CPU, as the tool counts them (rtprof `samples`, py-spy and Tachyon the sum of
    their collapsed stacks, Austin its own count). One thread computes, the others sleep.
wall: every thread, sleeping ones too (py-spy --idle). rtprof is told of every switch of a thread, so it knows the
    stack at every sampling period without looking: its samples are the periods that its weights cover.
"""

import inference
import stopwatch
import targets
from figures import number, ratios, spread

# After the start: by then all have begun; and before the end of SECONDS.
WINDOW = (1.0, 2.8)
SECONDS = 3
THREADS = (1, 20, 200)
# rtprof's share of a peer's cost, by rung.
BARS = {
    ("kernel", "Tachyon"): 1 / 10,
    ("kernel", "Austin"): 1 / 10,
    ("kernel", "py-spy"): 1 / 50,
    ("pause", "py-spy"): 1 / 8,
}


def measure(context, place, workload, recorders, event, rate, repetitions):
    """Name → recordings, the tools taking turns."""
    python, where = place
    name, *args = workload
    taken = {tool.name: [] for tool in recorders}
    with targets.running(context.scratch, python, name, *args, where=where) as target:
        for _ in range(repetitions):
            for tool in recorders:
                recording = context.attempt(
                    f"{tool.name}, {event} at {rate} Hz on {python}",
                    lambda tool=tool: tool.record(target.pid(), event, rate, SECONDS, WINDOW),
                )
                if recording:
                    taken[tool.name].append(recording)
    return {name: recordings for name, recordings in taken.items() if recordings}


def costs(taken):
    return {name: [each.cpu_per_sample_us() for each in recordings] for name, recordings in taken.items()}


def describe(recordings, values):
    rates = inference.median([each.rate for each in recordings])
    return f"{spread(values, 'µs')} at {number(rates)}/s"


def compare(context, rung, peers, taken, figure):
    """One row: rtprof's rung beside the named peers."""
    own = f"rtprof {rung}"
    if own not in taken:
        return
    cost = costs(taken)
    shown, verdicts, bars = {}, [], []
    for peer in peers:
        if peer not in taken:
            continue
        ratio = ratios(cost[own], cost[peer])
        bar = BARS.get((rung, peer))
        shown[peer] = describe(taken[peer], cost[peer])
        if bar:
            verdicts.append(inference.at_most(ratio, bar))
            bars.append(f"≤ 1/{1 / bar:.0f} of {peer}: is 1/{number(1 / inference.median(ratio))}")
    context.row(
        "cpu", f"{figure}, {rung}", describe(taken[own], cost[own]), shown, "; ".join(bars),
        inference.worst(verdicts) if verdicts else "", cpu_us=cost,
        rates={name: [each.rate for each in recordings] for name, recordings in taken.items()},
    )


def per_sample(context, rate, threads_of_py_spy):
    """The rows of a rate. py-spy is left out above so many threads."""
    repetitions = context.repetitions(3)
    for event in ("cpu", "wall"):
        for threads in THREADS[:2] if context.quick else THREADS:
            if event == "wall" and threads == 1:
                continue  # one thread that computes: the same as cpu
            workload = ("threads.py", 1, threads - 1)
            figure = f"CPU a sample, {event}, {rate / 1000:g} kHz, {threads} thread{'s' if threads > 1 else ''}"
            beside = [context.tachyon(), *([context.py_spy()] if threads <= threads_of_py_spy else [])]
            with_tachyon = [context.rtprof("kernel"), *beside, context.rtprof("pause")]
            taken = measure(context, targets.TACHYON_TARGET, workload, with_tachyon, event, rate, repetitions)
            compare(context, "kernel", ("Tachyon", "py-spy"), taken, f"{figure}, 3.15")
            compare(context, "pause", ("py-spy", "Tachyon"), taken, f"{figure}, 3.15")
            with_austin = [context.rtprof("kernel"), context.austin()]
            taken = measure(context, targets.AUSTIN_TARGET, workload, with_austin, event, rate, repetitions)
            compare(context, "kernel", ("Austin",), taken, f"{figure}, this machine's Python")


def cpu_per_sample(context):
    """CPU time for one sample of one thread at 1 kHz, beside Tachyon, Austin and py-spy"""
    per_sample(context, 1000, max(THREADS))


def cpu_per_sample_fast(context):
    """The same at 10 kHz; py-spy up to 20 threads, since with 200 its three seconds take minutes"""
    per_sample(context, 10_000, 20)


def unthrottled(context):
    """Samples a second without a limit, one busy thread of 20 frames, beside Tachyon's best"""
    seconds = 2 if context.quick else 5
    best = {}
    with targets.running(context.scratch, "3.15", "recursion.py", 15) as target:
        for _ in range(context.repetitions(5)):
            for tool, rates in ((context.rtprof("kernel"), (100_000,)), (context.tachyon(), (100_000, 1_000_000))):
                turn = [tool.record(target.pid(), "cpu", rate, seconds) for rate in rates]
                best.setdefault(tool.name, []).append(max(turn, key=lambda recording: recording.rate))
    rates = {name: [each.rate for each in recordings] for name, recordings in best.items()}
    errors = {name: sum(each.errors for each in recordings) for name, recordings in best.items()}
    late = sum(each.stats["late_ticks"] for each in best["rtprof kernel"])
    verdict = inference.at_least(ratios(rates["rtprof kernel"], rates["Tachyon"]), 1)
    context.row(
        "unthrottled", "samples/s unthrottled, kernel, one busy thread, 20 frames, 3.15",
        f"{spread(rates['rtprof kernel'])}, {errors['rtprof kernel']} errors, {late} late",
        {"Tachyon": f"{spread(rates['Tachyon'])}, {errors['Tachyon']} errors"}, "≥ Tachyon's best, 0 errors",
        inference.worst([verdict, inference.MET if errors["rtprof kernel"] == 0 else inference.NOT_MET]),
        rates=rates, errors=errors, late=late,
    )
