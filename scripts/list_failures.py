#!/usr/bin/env python3
"""Prints what tests of ctest failed and how they ended, from its JUnit files.

usage: list_failures.py FILE...
"""
import sys
import xml.etree.ElementTree as ElementTree

LINES = 60  # of each test's output


def main():
    for path in sys.argv[1:]:
        for case in ElementTree.parse(path).getroot().iter("testcase"):
            if case.get("status") == "run":
                continue
            print(f"\n{path}: {case.get('name')}: {case.get('status')} after {float(case.get('time', 0)):.1f} s")
            for line in case.findtext("system-out", "").splitlines()[-LINES:]:
                print(f"  {line}")


if __name__ == "__main__":
    main()
