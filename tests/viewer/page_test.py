#!/usr/bin/env python3
"""Opens flame graph pages in a headless Chromium and holds what they show against collapsed stacks.

usage: page_test.py SAMPLE_PAGES
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest
from urllib.parse import quote

import browser

SKIPPED = 77
MAKER = sys.argv.pop()


def make(directory, kind, ending):
    path = os.path.join(directory, kind + ending)
    subprocess.run([MAKER, kind, path], check=True)
    return path


def read_collapsed(path):
    """[(frames, weight)]"""
    stacks = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            text, weight = line.rstrip("\n").rsplit(" ", 1)
            stacks.append((text.split(";"), int(weight)))
    return stacks


def without_lines(stacks):
    return [([re.sub(r":\d+\)$", ")", frame) for frame in frames], weight) for frames, weight in stacks]


def tree_size(stacks):
    return len({tuple(frames[:depth]) for frames, _ in stacks for depth in range(1, len(frames) + 1)})


def share(stacks, matches):
    total = sum(weight for _, weight in stacks)
    return 100 * sum(weight for frames, weight in stacks if any(map(matches, frames))) / total


class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.pages = {kind: make(cls.directory.name, kind, ".html") for kind in ("service", "hostile", "big", "empty")}
        cls.stacks = read_collapsed(make(cls.directory.name, "service", ".collapsed"))
        cls.browser = browser.Browser()
        cls.addClassCleanup(cls.directory.cleanup)
        cls.addClassCleanup(cls.browser.__exit__)

    def setUp(self):
        self.browser.errors.clear()

    def tearDown(self):
        self.assertEqual(self.browser.errors, [])

    def open(self, kind, **state):
        self.browser.open(self.pages[kind], "&".join(f"{name}={quote(value)}" for name, value in state.items()))

    def data(self, name):
        return self.browser.run(f"document.documentElement.dataset.{name}")

    def test_draws_the_tree_of_the_collapsed_stacks(self):
        self.open("service")
        self.assertEqual(int(self.data("frames")), tree_size(self.stacks))
        periods = sum(weight for _, weight in self.stacks)
        self.assertAlmostEqual(float(self.data("total")) * 99 / 1e9, periods, delta=0.5)
        colors = self.browser.run(
            "(() => { const c = document.getElementById('canvas'); const d = c.getContext('2d')"
            ".getImageData(0, 0, c.width, c.height).data; const seen = new Set();"
            " for (let i = 0; i < d.length; i += 4) seen.add(d[i] << 16 | d[i + 1] << 8 | d[i + 2]);"
            " return seen.size; })()")
        self.assertGreater(colors, 20, "the canvas is blank")

    def test_lines_can_be_taken_away(self):
        self.open("service", lines="0")
        self.assertEqual(int(self.data("frames")), tree_size(without_lines(self.stacks)))

    def test_callers_grow_out_of_the_leaf(self):
        self.open("service", reverse="1")
        self.assertEqual(int(self.data("frames")), tree_size([(frames[::-1], w) for frames, w in self.stacks]))

    def test_threads_and_processes_are_roots(self):
        self.open("service", processes="1", threads="1", lines="0")
        self.browser.run("document.getElementById('canvas').focus()")
        outward = []
        for _ in range(3):
            self.browser.press("ArrowUp")
            outward.append(self.browser.text("#details").split(" — ")[0])
        self.assertRegex(outward[0], r"^process 471\d: gunicorn: worker \[shop\]$")
        self.assertRegex(outward[1], r"^MainThread tid=471\d$")
        self.assertEqual(outward[2], "<module> (gunicorn)")

    def test_another_event(self):
        self.open("service", event="wall", lines="0")
        self.assertIn("event wall", self.browser.text("#facts"))
        wall = int(self.data("frames"))
        self.open("service", event="wall", lines="0", reasons="0")
        self.assertLess(int(self.data("frames")), wall, "three reasons above the stacks")

    def test_search_counts_every_weight_once(self):
        for query, matches in (("Ranker", lambda frame: "Ranker" in frame),
                               ("gunicorn", lambda frame: "gunicorn" in frame),
                               ("escape|LOADS", lambda frame: "escape" in frame),  # a capital: the case counts
                               ("escape|loads", lambda frame: re.search("escape|loads", frame)),
                               (r"_\[k\]$", lambda frame: frame.endswith("_[k]")),
                               ("no such function", lambda frame: False)):
            with self.subTest(query=query):
                self.open("service", find=query)
                self.assertAlmostEqual(float(self.data("share")), share(self.stacks, matches), delta=0.01)

    def test_what_is_no_expression_is_searched_as_text(self):
        self.open("service", find="(shop/text.py:")
        self.assertAlmostEqual(float(self.data("share")), share(self.stacks, lambda f: "(shop/text.py:" in f), delta=0.01)
        self.assertIn("not a valid expression", self.browser.text("#share"))

    def test_typing_clicking_and_escape(self):
        self.open("service", lines="0", inverted="1")
        self.browser.press("/")
        self.browser.type("Ranker")
        self.assertAlmostEqual(float(self.data("share")), share(self.stacks, lambda f: "Ranker" in f), delta=0.01)
        self.browser.press("Escape")
        self.assertEqual(self.browser.text("#share"), "")
        top = self.browser.run("document.getElementById('canvas').getBoundingClientRect().top")
        self.browser.move(300, top + 19 * 3 + 9)
        self.assertIn("WSGIApplication.run (gunicorn/app/base.py)", self.browser.text("#tip"))
        self.browser.click(300, top + 19 * 3 + 9)
        self.assertIn("WSGIApplication.run", self.browser.text("#zoomed"))
        self.assertFalse(self.browser.run("document.getElementById('reset').disabled"))
        self.browser.press("Escape")
        self.assertEqual(self.browser.text("#zoomed"), "")

    def test_a_view_can_be_linked_to(self):
        self.open("service", lines="0", zoom='["<module> (gunicorn)","run (gunicorn/app/wsgiapp.py)"]')
        self.assertIn("run (gunicorn/app/wsgiapp.py) — total", self.browser.text("#zoomed"))
        self.open("service", lines="0", zoom='["<module> (gunicorn)","no such frame"]')
        self.assertIn("<module> (gunicorn) — total", self.browser.text("#zoomed"), "as far as it leads")
        self.open("service", zoom="[broken")
        self.assertEqual(self.browser.text("#zoomed"), "")

    def test_names_are_never_markup(self):
        for state in ({}, {"threads": "1", "processes": "1"}, {"find": "</script><script>alert(1)</script>"}):
            self.open("hostile", **state)
            self.assertGreaterEqual(int(self.data("frames")), 15)
            self.assertIsNone(self.data("broken"))
            self.assertTrue(self.browser.run("document.title").startswith("</script><img src=x"))
            self.assertTrue(self.browser.text("h1").startswith("</script><img src=x"))
            self.assertIn("<script>document.documentElement", self.browser.text("#facts"))
            self.assertEqual(self.browser.run("document.scripts.length"), 2)
            self.assertEqual(self.browser.run("document.querySelectorAll('img, svg, iframe, object').length"), 0)
        width = self.browser.run("innerWidth")
        for y in range(100, 790, 19):  # the tips of all of them
            self.browser.move(30, y)
        self.assertEqual(self.browser.run("document.querySelectorAll('img, svg').length"), 0)
        self.assertLessEqual(self.browser.run("document.documentElement.scrollWidth"), width)

    def test_the_policy_stops_what_is_not_the_page(self):
        self.open("hostile")
        self.browser.run("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"document.title=1\">')")
        self.browser.run("(() => { const s = document.createElement('script'); s.textContent = 'document.title = 2';"
                         " document.body.append(s); })()")
        self.browser.settle()
        self.assertTrue(self.browser.run("document.title").startswith("</script>"))
        self.assertTrue(self.browser.errors, "the browser reports what it stopped")
        self.browser.errors.clear()

    def test_a_million_frames_cost_what_is_in_view(self):
        self.open("big")
        self.assertGreaterEqual(int(self.data("frames")), 1_000_000)
        drawn = self.browser.run("""(async () => {
            let calls = 0;
            for (const name of ["fillRect", "fillText", "drawImage"]) {
              const draw = CanvasRenderingContext2D.prototype[name];
              CanvasRenderingContext2D.prototype[name] = function (...given) { ++calls; return draw.apply(this, given); };
            }
            const most = [];
            for (let i = 0; i < 30; ++i) {
              calls = 0;
              document.getElementById("canvas").dispatchEvent(new WheelEvent("wheel", {
                ctrlKey: true, deltaY: -100, clientX: 600, clientY: 300, bubbles: true, cancelable: true }));
              await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
              most.push(calls);
            }
            return Math.max(...most);
          })()""")
        # 50 rows, each of at most 1400 / 22 frames that are wide enough for a text, and one stretched row.
        self.assertLess(drawn, 50 * (2 * 1400 / 22 + 1))
        self.assertGreater(drawn, 50)

    def test_nothing_recorded_is_said(self):
        self.open("empty")
        self.assertIn("No CPU time was recorded", self.browser.text("#empty"))
        self.assertIsNone(self.browser.run("document.getElementById('space').offsetParent"))


if __name__ == "__main__":
    if not browser.find():
        print("no Chromium here: apt-get install chromium")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
