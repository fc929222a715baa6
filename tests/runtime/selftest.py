#!/usr/bin/python3
"""Tests the runner itself, with a shell script in the place of rtprof: above all that what is wrong fails."""

import pathlib
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

import host

HERE = pathlib.Path(__file__).resolve().parent

# Answers `show TEXT`, `complain TEXT STATUS`, `write FILE TEXT`, `hang`.
STAND_IN = """#!/bin/sh
case "$1" in
  show) printf '%b\\n' "$2" ;;
  complain) echo "$2" >&2; exit "$3" ;;
  write) printf '%b\\n' "$3" > "$2" ;;
  hang) echo started; exec sleep 60 ;;
  whoami) id -un ;;
esac
"""


class RunnerTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.rtprof = self.folder / "rtprof"
        self.rtprof.write_text(STAND_IN)
        self.rtprof.chmod(0o755)

    def run_block(self, text):
        """Runs a test file of these lines; (whether all passed, what was printed)."""
        path = self.folder / "made.test"
        path.write_text(text)
        done = subprocess.run(
            [sys.executable, HERE / "runner.py", "--rtprof", self.rtprof, path],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )
        return done.returncode == 0, done.stdout

    def assert_passes(self, text):
        passed, output = self.run_block(text)
        self.assertTrue(passed, output)

    def assert_fails(self, text, *shown):
        passed, output = self.run_block(text)
        self.assertFalse(passed, output)
        for part in shown:
            self.assertIn(part, output)

    def test_streams(self):
        self.assert_passes("NAME a\nRUN show 'one two'\nSTDOUT ^one\nNO_STDOUT three\nNO_STDERR .")
        self.assert_fails("NAME a\nRUN show one\nSTDOUT two", "STDOUT two", "show one")
        self.assert_fails("NAME a\nRUN show one\nNO_STDOUT one", "expected no match")
        self.assert_fails("NAME a\nRUN show one\nSTDERR one", "STDERR one")

    def test_exit_status(self):
        self.assert_passes("NAME a\nRUN complain bad 3\nEXIT 3\nSTDERR bad")
        self.assert_fails("NAME a\nRUN complain bad 3\nSTDERR bad", "EXIT 0")
        self.assert_fails("NAME a\nRUN complain bad 3\nEXIT 4", "exit status 3")
        self.assert_fails("NAME a\nRUN complain bad 3\nRUN show fine\nEXIT 0", "EXIT 0")

    def test_collapsed(self):
        profile = "RUN write {out}/p 'a;b 30\\na;c 70'\n"
        self.assert_passes(f"NAME a\n{profile}SHARE p 0.29..0.31 b$\nWEIGHT p 70..70 c$\nONLY p ^a;\n")
        self.assert_fails(f"NAME a\n{profile}SHARE p 0.31..0.40 b$", "0.3000", "70  a;c")
        self.assert_fails(f"NAME a\n{profile}WEIGHT p 71..80 c$", "weight is 70")
        self.assert_fails(f"NAME a\n{profile}ONLY p b$", "0.7000")
        self.assert_fails("NAME a\nRUN write {out}/p ''\nONLY p .", "ValueError")
        self.assert_fails("NAME a\nRUN show a\nSHARE p 0..1 b", "FileNotFoundError")
        self.assert_fails("NAME a\nRUN write {out}/p 'a 0'\nSHARE p 0..1 b", "no weight")

    def test_files(self):
        profile = "RUN write {out}/p.json '{\"a\": 3, \"b\": [1, 2]}'\n"
        self.assert_passes(f"NAME a\n{profile}JSON p.json a == sum(b)\nFILE p.json [{{]\nNO_FILE *.tmp")
        self.assert_fails(f"NAME a\n{profile}JSON p.json a > 3", '"a": 3')
        self.assert_fails(f"NAME a\n{profile}JSON p.json missing == 1", "NameError")
        self.assert_fails(f"NAME a\n{profile}FILE p.json nowhere", "no match")
        self.assert_fails(f"NAME a\n{profile}NO_FILE *.json", "p.json")
        self.assert_fails("NAME a\nRUN show a\nSH test -e nothing", "status 1")

    def test_target(self):
        target = "TARGET sh echo truth '{\"n\": 7}'; echo port 80; sleep 0.3; echo later; exit 5\n"
        self.assert_passes(
            f"NAME a\n{target}READY port (?P<port>\\d+)\nRUN show 'p={{port}} n={{truth[n]}}'\nSTDOUT p=80 n=7\n"
            "TARGET_OUT later\nTARGET_EXIT 5"
        )
        self.assert_fails(f"NAME a\n{target}READY nothing\nRUN show x", "never printed nothing")
        self.assert_fails(f"NAME a\n{target}READY port\nRUN show x\nTARGET_OUT nothing", "no such line")
        self.assert_fails(f"NAME a\n{target}READY port\nRUN show x\nTARGET_EXIT 0", "ended with status 5")
        self.assert_fails("NAME a\nRUN show {port}", "nothing is known as {port}")

    def test_during_and_under(self):
        self.assert_passes("NAME a\nMATRIX wait=0.2\nDURING {wait} kill -KILL {run}\nRUN hang\nEXIT -9\nSTDOUT started")
        self.assert_passes("NAME a\nUNDER setpriv --reuid=65534 --clear-groups\nRUN whoami\nSTDOUT nobody")

    def test_background(self):
        self.assert_passes("NAME a\nBACKGROUND sh -c 'sleep 0.2; echo go; sleep 9'\nRUN show x\nSH test -e /dev/null")
        self.assert_fails("NAME a\nBACKGROUND sh -c 'exit 4'\nRUN show x", "ended with status 4")

    def test_hanging_run_is_ended_with_all_it_started(self):
        self.assert_fails(
            "NAME a\nTARGET sh sleep 1234.5 & echo ready; wait\nRUN hang\nTIMEOUT 1", "not done after 1 s", "started"
        )
        self.assertEqual(subprocess.run(["pgrep", "-f", "sleep 1234[.]5"], check=False).returncode, 1)

    def test_mistakes_in_a_file_are_errors(self):
        for text in ("NAME a\nRUNS x", "NAME a", "RUN x", "NAME a\nRUN x\n\nNAME a\nRUN x", "NAME a\nRUN x\nLABELS odd"):
            self.assert_fails(text, "Mistake")
        self.assert_fails("", "0 passed")

    def test_matrix_and_labels(self):
        path = self.folder / "made.test"
        path.write_text("NAME a\nMATRIX x=1,2 y=p,q\nRUN show {x}{y}\nSTDOUT ^{x}{y}$\nLABELS quick if x=1 y=q\n")
        output = self.folder / "tests.cmake"
        subprocess.run([sys.executable, HERE / "runner.py", "--rtprof", self.rtprof, path, "--ctest", output], check=True)
        text = output.read_text()
        self.assertEqual(text.count("add_test("), 4)
        self.assertIn("[==[runtime.made.a.1.q]==] PROPERTIES LABELS quick", text)
        self.assertEqual(text.count("LABELS full"), 3)
        self.assertTrue(self.run_block(path.read_text())[1].endswith("4 passed, 0 failed\n"))
        more = "NAME a\nMATRIX x=1,2 y=p\nMATRIX x=3 y=q,r\nRUN show {x}{y}\nSTDOUT ^{x}{y}$\n"
        self.assertTrue(self.run_block(more)[1].endswith("4 passed, 0 failed\n"))


class WatchTest(unittest.TestCase):
    def disturbance(self, stolen, elapsed):
        with unittest.mock.patch("host.stolen_seconds", side_effect=[1, 1 + stolen]), \
             unittest.mock.patch("time.monotonic", side_effect=[100, 100 + elapsed]):
            return host.Watch().disturbance()

    def test_disturbance(self):
        self.assertEqual(self.disturbance(0, 0.1), "")
        self.assertEqual(self.disturbance(0.01, 2), "")
        self.assertIn("0.03 of 2.00 s", self.disturbance(0.03, 2))

    def test_stolen_time_is_read(self):
        self.assertGreaterEqual(host.stolen_seconds(), 0)


if __name__ == "__main__":
    unittest.main()
