"""Tests what the benchmarks compute with: statistics, what the profilers wrote, truth, tables."""

import pathlib
import random
import statistics
import sys
import tempfile
import unittest
from collections import Counter

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
for place in ("bench", "bench/harness", "bench/python", "bench/native", "bench/jvm", "tests/zoo", "tests/runtime"):
    sys.path.insert(0, str(ROOT / place))

import delays  # noqa: E402
import folded  # noqa: E402
import inference  # noqa: E402
import java_stacks  # noqa: E402
import kept  # noqa: E402
import report  # noqa: E402
import results  # noqa: E402
import safepoint_log  # noqa: E402
import stacks  # noqa: E402
import truth  # noqa: E402
import waited  # noqa: E402


class Inference(unittest.TestCase):
    def test_interval_of_few_values_is_their_range(self):
        self.assertEqual(inference.interval([3]), (3, 3))
        self.assertEqual(inference.interval([5, 1, 3]), (1, 5))
        self.assertEqual(inference.interval(range(6)), (0, 5))

    def test_interval_has_the_ranks_of_the_sign_test(self):
        # As in tables of the binomial distribution: 10 values: 2nd and 9th; 30 values: 10th and 21st.
        self.assertEqual(inference.interval(range(1, 11)), (2, 9))
        self.assertEqual(inference.interval(range(1, 31)), (10, 21))

    def test_interval_covers_the_true_median_95_times_of_100(self):
        source = random.Random(1)
        covered = 0
        for _ in range(2000):
            low, high = inference.interval([source.expovariate(1) for _ in range(30)])
            covered += low <= statistics.NormalDist().inv_cdf(0.5) + 0.6931 <= high
        self.assertGreater(covered / 2000, 0.94)

    def test_verdicts(self):
        self.assertEqual(inference.at_most([1, 2, 3], 3), inference.MET)
        self.assertEqual(inference.at_most([1, 2, 3], 2), inference.NOT_RESOLVED)
        self.assertEqual(inference.at_most([1, 2, 3], 0.5), inference.NOT_MET)
        self.assertEqual(inference.at_least([1, 2, 3], 1), inference.MET)
        self.assertEqual(inference.at_least([1, 2, 3], 4), inference.NOT_MET)
        self.assertEqual(inference.at_most([], 1), inference.NOT_RESOLVED)
        self.assertEqual(inference.worst([inference.MET, inference.NOT_RESOLVED]), inference.NOT_RESOLVED)
        self.assertEqual(inference.worst([inference.NOT_MET, inference.NOT_RESOLVED]), inference.NOT_MET)
        self.assertEqual(inference.worst([inference.MET]), inference.MET)

    def test_slope(self):
        self.assertAlmostEqual(inference.slope([0, 5, 20, 50], [1, 11, 41, 101]), 2)

    def test_four_sigma_of_a_quarter_need_thirty_thousand_samples(self):
        self.assertAlmostEqual(inference.share_sigma(0.25, 30_000), 0.0025)

    def test_excess_finds_what_was_added(self):
        source = random.Random(2)
        noise = lambda: [source.gauss(100, 3) for _ in range(3000)]  # noqa: E731
        added = [source.gauss(250, 2) for _ in range(1000)]
        median = inference.excess_quantile(noise() + added, noise(), 1, 0.5, round, float)
        self.assertAlmostEqual(median, 250, delta=2)
        self.assertIsNone(inference.excess_quantile([1.0], [1.0, 1.0], 1, 0.5, round, float))


class Stacks(unittest.TestCase):
    def read(self, reader, text):
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            return reader(file.name)

    expected = (("<module>", "w.py", 3), ("run", "workload.py", 70), ("<lambda>", "w.py", 9))

    def test_rtprof(self):
        text = "<module> (w.py:3);Split.run (a/workload.py:70);main.<locals>.<lambda> (w.py:9) 12\n"
        read = self.read(stacks.of_rtprof, text)
        self.assertEqual(read, {self.expected: 12})

    def test_without_python_frames(self):
        read = self.read(stacks.of_rtprof, "[native] 5\nbusy tid=7;[running];f (x.py:1) 6\n")
        bare = stacks.without_root(read, r".* tid=\d+|\[running\]")
        self.assertEqual(bare, {(("[native]", "", 0),): 5, (("f", "x.py", 1),): 6})

    def test_tachyon(self):
        read = self.read(stacks.of_tachyon, "tid:4;w.py:<module>:3;workload.py:Split.run:70;w.py:<lambda>:9 2\n")
        self.assertEqual(stacks.without_root(read, r"tid:\d+"), {self.expected: 2})

    def test_austin_counts_lines(self):
        line = "P4;T0:1;/x/w.py:<module>:3;/x/workload.py:Split.run:70;/x/w.py:<lambda>:9 {}\n"
        read = self.read(stacks.of_austin, "# mode: wall\n" + line.format(100) + line.format(170))
        self.assertEqual(stacks.without_root(read, r"P\d+|T\d+:\S+"), {self.expected: 2})


class Truth(unittest.TestCase):
    def stack(self, main_line, *functions):
        return (("main", "alternate.py", main_line), *((name, "alternate.py", 1) for name in functions))

    def test_sides_of_the_alternation(self):
        alternation = truth.Alternation({"hot_a": [28], "hot_b": [29]})
        for side, stack in (
            ("a", self.stack(28, "hot_a")), ("a", self.stack(28, "hot_a", "leaf_a")), ("b", self.stack(29, "hot_b")),
            ("main", self.stack(27)), ("wrong", self.stack(29, "hot_a")), ("wrong", self.stack(28, "hot_a", "leaf_b")),
            ("wrong", self.stack(28, "leaf_a")), ("wrong", self.stack(28, "hot_a", "leaf_a", "hot_b")),
            ("", (("[native]", "", 0),)),
        ):
            self.assertEqual(alternation.side(stack), side, stack)

    def test_sides_are_compared_stack_by_stack(self):
        alternation = truth.Alternation({"hot_a": [28], "hot_b": [29]})
        read = {
            self.stack(28, "hot_a"): 30, self.stack(29, "hot_b"): 20, self.stack(28, "hot_a", "leaf_a"): 10,
            self.stack(29, "hot_b", "leaf_b"): 11, self.stack(27): 9, self.stack(28): 20,
        }
        shares = alternation.shares(read)
        self.assertAlmostEqual(shares[("main",)], 0.29)
        self.assertAlmostEqual(alternation.apart(shares), 0.1)

    def test_share_is_of_the_two_functions(self):
        kind = truth.Share("", (), "f", "g")
        weights = {(("f", "x.py", 1),): 25, (("g", "x.py", 1),): 75, (("run", "x.py", 1),): 900}
        self.assertEqual(kind.measure(weights), 0.25)
        self.assertIsNone(kind.measure({}))


class Native(unittest.TestCase):
    def test_perf_report_is_read_in_the_words_of_rtprof(self):
        text = (
            "# Samples|Object|Symbol\n   120      |libc.so.6   |[.] malloc   \n 79 |[kernel.kallsyms]|[k] do_exit\n"
            " 6 |libgcc_s.so.1|[.] 0x0000000000016544\n 2 |a.out|[.] operator|\n"
        )
        expected = {"malloc": 120, "do_exit_[k]": 79, "[libgcc_s.so.1]": 6, "operator|": 2}
        self.assertEqual(folded.of_perf_report(text), expected)

    def test_likeness_does_not_depend_on_the_unit(self):
        first, second = Counter(a=3, b=1), Counter(a=500, b=500)
        self.assertAlmostEqual(folded.likeness(first, second), 0.75)
        self.assertEqual(folded.unmatched(Counter(a=9, b=2), Counter(c=5), 5), ["a", "c"])

    def test_what_sampling_alone_makes_of_the_likeness(self):
        source = random.Random(3)
        shares = {"a": 0.5, "b": 0.3, "c": 0.2}
        draw = lambda: Counter(source.choices(list(shares), list(shares.values()), k=2000))  # noqa: E731
        apart = statistics.fmean(1 - folded.likeness(draw(), draw()) for _ in range(200))
        self.assertAlmostEqual(folded.expected_unlikeness(Counter(shares), 2000, 2000) / apart, 1, delta=0.15)

    def test_marked_stacks_are_not_complete(self):
        kinds, roots = folded.ends({("_start", "f"): 5, ("[truncated]", "f"): 2, ("[unknown: broken stack]",): 1})
        self.assertEqual(kinds, {"complete": 5, "truncated": 2, "unknown: broken stack": 1})
        self.assertEqual(roots["_start"], 5)

    def test_right_share_leaves_out_what_is_no_wait(self):
        stacks_of = {
            ("[pipe]", "wait_pipe"): 98, ("[other]", "wait_pipe"): 2, ("[runnable]", "wait_pipe"): 50,
            ("[preempted]", "wait_pipe"): 9, ("[sleep]", "idle"): 70,
        }
        self.assertEqual(waited.right_share(stacks_of, waited.kind_of), 98)
        self.assertEqual(waited.right_share({}, waited.kind_of), 0)


class Report(unittest.TestCase):
    def test_a_section_is_filled_and_others_are_left(self):
        row = {"group": "g", "figure": "speed", "rtprof": "1", "peers": {"Austin": "2"}, "bar": "", "verdict": "met"}
        document = {
            "facts": {"command": "bench/x.sh", "started": "now", "machine": "here", "load_before": 0.1},
            "versions": {"rtprof": "0"}, "rows": [row], "failures": {"dump": "Trace\nError: why"},
            "commands": {"a": "a -b"},
        }
        end = "<!-- end of results -->\n"
        text = f"one\n<!-- results of x -->\nold\n{end}<!-- results of y -->\nkept\n{end}"
        filled = report.fill(text, {"x": document}.get)
        self.assertNotIn("old", filled)
        self.assertIn("kept", filled)
        self.assertRegex(filled, r"\| speed +\| 1 +\| Austin 2 +\| – +\| met +\|")
        self.assertIn("- dump: Error: why", filled)
        self.assertEqual(report.fill(filled, {"x": document}.get), filled)

    def test_rows_that_were_measured_again_take_the_place_of_their_group(self):
        def document(command, rows, **more):
            facts = {"command": command, "started": f"when {command}"}
            rows = [{"group": group, "figure": figure} for group, figure in rows]
            return {"title": command, "facts": facts, "versions": {}, "rows": rows, "failures": {}, "commands": {}, **more}

        before = document("bench/x.sh", [("a", "1"), ("b", "2"), ("b", "3"), ("c", "4")], commands={"tool": "old"})
        again = document(
            "bench/x.sh --rows b,d --rtprof /some/bin/rtprof --json f", [("b", "5"), ("d", "6")],
            commands={"tool": "/some/bin/rtprof attach"},
        )
        merged = report.with_rows_of(before, again)
        self.assertEqual([(row["group"], row["figure"]) for row in merged["rows"]], [
            ("a", "1"), ("b", "5"), ("c", "4"), ("d", "6"),
        ])
        self.assertEqual(merged["facts"]["command"], "bench/x.sh` on when bench/x.sh, then `bench/x.sh --rows b,d")
        self.assertEqual((merged["title"], merged["commands"]), ("bench/x.sh", {"tool": "build/bin/rtprof attach"}))

    def test_columns_are_aligned(self):
        rows = [results.Row("g", "long figure", "1", {}, "", ""), results.Row("g", "x", "22", {}, "≤ 3", "met")]
        lengths = {len(line) for line in results.table(rows).splitlines()}
        self.assertEqual(len(lengths), 1)


class JavaStacks(unittest.TestCase):
    def test_ends_of_rtprofs_stacks(self):
        stacks = Counter({
            ("main tid=1", "Shares.main", "Shares.work"): 90,
            ("main tid=1", "[unknown: caller of Java frame]", "Shares.work"): 9,
            ("main tid=1", "Shares.work"): 1,
            ("main tid=1", "[native]", "[VM]"): 5,
            ("C2 CompilerThre tid=2", "[native]", "[JIT compiler]"): 1000,
        })
        kinds = java_stacks.ends_of_java_threads(stacks, java_stacks.end_of_rtprof)
        self.assertEqual(kinds, {
            java_stacks.COMPLETE: 90, "unknown: caller of Java frame": 9, java_stacks.NO_BEGIN: 1, java_stacks.NO_JAVA: 5,
        })
        share, words = java_stacks.incomplete(kinds)
        self.assertAlmostEqual(share, 90)
        self.assertIn("unknown: caller of Java frame 9.00 %", words)

    def test_ends_of_async_profilers_stacks(self):
        whole = ("w tid=1", "start_thread", "java/lang/Thread.run_[0]", "Shares.work_[j]", "[unknown]")
        cases = {
            whole: java_stacks.COMPLETE,
            ("w tid=1", "[break_stack_range]", "Shares.work_[j]"): "break_stack_range",
            ("w tid=1", "[unknown_Java]"): "unknown_Java",
            ("w tid=1", "Shares.work_[i]", "Runtime1::counter_overflow"): java_stacks.NO_BEGIN,
            ("w tid=1", "start_thread", "CompileBroker::compiler_thread_loop"): java_stacks.NO_JAVA,
        }
        for stack, end in cases.items():
            self.assertEqual(java_stacks.end_of_async_profiler(stack), end, stack)

    def test_share_of_a_method_whatever_its_mark(self):
        stacks = Counter({("w tid=1", "A.main_[0]", "A.hot_[i]"): 1, ("w tid=1", "A.main_[0]", "A.cold_[j]"): 3})
        self.assertEqual(java_stacks.share_with(stacks, "A.hot"), 25)
        self.assertEqual(sum(java_stacks.of_threads(stacks, "w").values()), 4)
        self.assertEqual(sum(java_stacks.of_threads(stacks, "x").values()), 0)

    def test_safepoints_of_hotspots_log(self):
        line = '[1.23s][info][safepoint] Safepoint "{}", Time since last: 5 ns, Reaching safepoint: 7 ns, Total: {} ns'
        text = f"{line.format('PrintThreads', 12)}\n[1.3s][info][gc] else\n{line.format('Cleanup', 30)}\n"
        self.assertEqual(safepoint_log.parse(text), [("PrintThreads", 12), ("Cleanup", 30)])


class JvmAgent(unittest.TestCase):
    def test_live_bytes_are_those_that_the_program_made(self):
        at = ("Keeps.main", "Keeps.round")
        stacks = Counter({(*at, "byte[]_[i]"): 90_000, (*at, "Keeps$Item_[i]"): 110_000, ("Other.main", "byte[]_[i]"): 5})
        errors = kept.errors_of(kept.by_type(stacks), 100, 1000)
        self.assertAlmostEqual(errors["byte[]"], 100 * (90_000 / 102_400 - 1))
        self.assertAlmostEqual(errors["Keeps$Item"], 10)
        self.assertEqual(kept.errors_of(Counter({"byte[]": 10_240}), 0, 1000)["byte[]"], 1)

    def test_live_bytes_need_samples_enough(self):
        enough, few = {"byte[]": 6_400, "Keeps$Item": 6_400}, {"byte[]": 6_400, "Keeps$Item": 6_399}
        self.assertEqual(kept.verdict({"byte[]": 5, "Keeps$Item": -5}, enough, 1), inference.MET)
        self.assertEqual(kept.verdict({"byte[]": 0, "Keeps$Item": -5.1}, enough, 1), inference.NOT_MET)
        self.assertEqual(kept.verdict({"byte[]": 0, "Keeps$Item": 0}, few, 1), inference.NOT_RESOLVED)
        self.assertLessEqual(4 * kept.sigma_of(enough, kept.INTERVAL), 5)

    def test_as_many_samples_stand_for_what_was_allocated(self):
        found = kept.scaled({kind: 100 * size for kind, (size, _) in kept.SIZES.items()}, 1 << 16)
        for samples in kept.samples_of(found, 1 << 16).values():
            self.assertAlmostEqual(samples, 100)

    def test_delays_by_the_class_of_the_lock(self):
        lock = "java.util.concurrent.locks.ReentrantLock$NonfairSync"
        stacks = Counter({("a", f"{lock}_[i]"): 3, ("b", lock): 4, ("a", "Delays$Monitor_[i]"): 5, ("a", "Other"): 6})
        self.assertEqual(delays.by_type(stacks), {"ReentrantLock": 7, "monitor": 5})


if __name__ == "__main__":
    unittest.main()
