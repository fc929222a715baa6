#!/usr/bin/python3
"""Puts results of the benchmarks into docs/benchmarks.md, or prints one as Markdown.

usage: report.py                     each bench/results/NAME.json into the document's section for NAME
       report.py FILE.json           prints FILE's tables
       report.py NAME FILE.json      takes FILE's groups of rows, measured again, into bench/results/NAME.json
"""

import json
import pathlib
import re
import sys

BENCH = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH / "harness"))

import results  # noqa: E402

DOCUMENT = BENCH.parent / "docs" / "benchmarks.md"
SECTION = re.compile(r"(<!-- results of (?P<name>\w+) -->\n).*?(<!-- end of results -->)", re.DOTALL)


def facts_of(document):
    facts = document["facts"]
    yield (
        f"Made by `{facts['command']}` on {facts['started']}; {facts['machine']}; load before it "
        f"{facts['load_before']}."
    )
    yield ""
    yield "Versions: " + "; ".join(f"{name}: {version}" for name, version in document["versions"].items()) + "."


def markdown(document):
    """The facts, a table for all rows, what failed, the command lines."""
    lines = list(facts_of(document))
    rows = [results.Row(**row) for row in document["rows"]]
    lines += ["", results.table(rows)]
    if document["failures"]:
        lines += ["", "Could not be measured:", ""]
        lines += [f"- {name}: {text.strip().splitlines()[-1]}" for name, text in document["failures"].items()]
    lines += ["", "Command lines, the first of each:", "", "```", *document["commands"].values(), "```", ""]
    return "\n".join(lines)


def fill(text, read):
    """The document with each section filled by read(name), which gives None where there is no result."""

    def section(match):
        document = read(match["name"])
        return match[0] if document is None else f"{match[1]}{markdown(document)}{match[3]}"

    return SECTION.sub(section, text)


def read_result(name):
    path = BENCH / "results" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def with_rows_of(before, again):
    """`before` with the groups of rows that `again` has, in their place; behind the others where they are new."""
    groups = list(dict.fromkeys(row["group"] for row in before["rows"] + again["rows"]))
    remade = {row["group"] for row in again["rows"]}
    made_by, facts = before["facts"], again["facts"]
    command, options = facts["command"].split()[0], facts["command"].split()[1:]
    given = dict(zip(options[::2], options[1::2]))
    if "--rows" in given:
        command += f" --rows {given['--rows']}"
    facts["command"] = f"{made_by['command']}` on {made_by['started']}, then `{command}"
    binaries = pathlib.Path(given.get("--rtprof", "build/bin/rtprof")).parent
    commands = {name: line.replace(f"{binaries}/", "build/bin/") for name, line in again["commands"].items()}
    return {
        **again,
        "title": before["title"],
        "facts": facts,
        "versions": {**before["versions"], **again["versions"]},
        "commands": {**before["commands"], **commands},
        "rows": [
            row for group in groups for row in (again if group in remade else before)["rows"] if row["group"] == group
        ],
        "failures": {**before["failures"], **again["failures"]},
    }


def main():
    if len(sys.argv) == 2:
        print(markdown(json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))))
        return
    if len(sys.argv) == 3:
        path = BENCH / "results" / f"{sys.argv[1]}.json"
        again = json.loads(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8"))
        merged = with_rows_of(json.loads(path.read_text(encoding="utf-8")), again)
        path.write_text(json.dumps(merged, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return
    if len(sys.argv) != 1:
        sys.exit(__doc__)
    DOCUMENT.write_text(fill(DOCUMENT.read_text(encoding="utf-8"), read_result), encoding="utf-8")


if __name__ == "__main__":
    main()
