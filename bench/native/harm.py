"""What rtprof and perf do to their target: the work it loses, and what a context switch costs with them."""

import inference
import recorder
from beside_perf import STACK_BYTES
from figures import differences, number, ratios, spread
from started import SharedWords, work_rate

BEGUN = 0.4  # s after its start every tool is at work
WINDOW = 0.4
NO_MORE_THAN = 1.0  # percentage points


def work_beside(shared, target, window, tool, event, rate):
    """Pieces of work a second while the tool is at work, over `window` seconds."""
    running = tool.start(target.pid(), event, rate, round(BEGUN + window + 0.1, 1))
    running.sleep_until(BEGUN)
    work = work_rate(shared, window)
    recording = tool.finish(running)
    if recording.stacks and not any(recording.stacks.values()):
        raise recorder.ToolError(f"{tool.name} recorded nothing of {event}")
    return work


def taking_turns(context, shared, target, window, tools, repetitions):
    """Name → pieces of work a second, the tools and doing without taking turns. `tools`: name → (tool, event, rate)"""
    works = {name: [] for name in (None, *tools)}
    for _ in range(repetitions):
        works[None].append(work_rate(shared, window))
        for name, plan in tools.items():
            works[name].append(context.attempt(
                f"{name}, {plan[1]}", lambda plan=plan: work_beside(shared, target, window, *plan),
            ))
    return works


def works_of(context, program, words, tools, repetitions):
    """The same of one of the native programs."""
    with SharedWords(context.scratch, words) as shared:
        arguments = (shared.path,) if program == "ping_pong" else (words, shared.path)
        with context.program(program, *arguments) as target:
            return taking_turns(context, shared, target, WINDOW, tools, repetitions)


def slowdown(context):
    """Work that the target loses at 999 Hz, by frame pointers and call-frame information, beside perf record"""
    tools = {
        "fp": (context.rtprof("--unwind", "fp"), "cpu", 999),
        "perf fp": (context.perf("-g"), "cpu", 999),
        "dwarf": (context.rtprof("--unwind", "dwarf"), "cpu", 999),
        "perf dwarf": (context.perf("--call-graph", f"dwarf,{STACK_BYTES}"), "cpu", 999),
    }
    for threads in (1, 2):
        works = works_of(context, "cpp_load", threads, tools, context.repetitions(30, 2))
        lost = {
            name: [100 * (1 - each) for each in ratios(works[name], works[None])] for name in tools
        }
        for method in ("fp", "dwarf"):
            more = differences(lost[method], lost[f"perf {method}"])
            context.row(
                "slowdown",
                f"work that the target loses, 999 Hz, {method}, {threads} busy thread{'s' if threads > 1 else ''}",
                spread(lost[method], "%"), {"perf": spread(lost[f"perf {method}"], "%")},
                f"≤ perf: is {spread(more)} points more", inference.at_most(more, NO_MORE_THAN), lost=lost,
            )


def switches(context):
    """What a context switch costs more with a profiler, two threads on one CPU, beside perf's records of switches"""
    counted = context.perf("-e", "context-switches", "-c", "1", "-g", sets_rate=False)
    tools = {
        "wall": (context.rtprof(), "wall", 99),
        "perf --switch-events": (context.perf("--switch-events"), "wall", 99),
        "offcpu": (context.rtprof(), "offcpu", 99),
        "perf -e context-switches -g": (counted, "offcpu", 99),
    }
    works = works_of(context, "ping_pong", 1, tools, context.repetitions(30, 2))
    # Two switches a round trip, µs each.
    times = {name: [None if each is None else 5e5 / each for each in rates] for name, rates in works.items()}
    cost = {name: differences(times[name], times[None]) for name in tools}
    for event, peer, most in (("wall", "perf --switch-events", 2), ("offcpu", "perf -e context-switches -g", 1)):
        # As a difference: where nothing is lost, a quotient says nothing.
        more = [own - most * theirs for own, theirs in zip(cost[event], cost[peer])]
        ratio = inference.median(cost[event]) / inference.median(cost[peer]) if more else None
        context.row(
            "switches", f"cost of a context switch, {event}", spread(cost[event], "µs"),
            {peer: spread(cost[peer], "µs"), "without": spread(times[None], "µs in all")},
            f"≤ {most} × {peer}: is {number(ratio)} ×", inference.at_most(more, 0), us=cost,
        )
