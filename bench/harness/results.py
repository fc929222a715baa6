"""The rows of a run: what was measured, beside whom, against which bar; on the terminal and as JSON."""

import dataclasses
import json
import os
import platform
import time


@dataclasses.dataclass
class Row:
    """`figure` names what is measured, `rtprof` and each of `peers` (name → text) how it came out, `bar` what was to
    be reached. `verdict` is one of inference's, or "" where nothing is to be reached. `data` is what it was made of.
    """

    group: str
    figure: str
    rtprof: str
    peers: dict
    bar: str
    verdict: str
    data: dict = dataclasses.field(default_factory=dict)

    def cells(self):
        peers = ", ".join(f"{name} {text}" for name, text in self.peers.items())
        return [self.figure, self.rtprof, peers or "–", self.bar or "–", self.verdict or "–"]


HEAD = ["Figure", "rtprof", "Peers", "Bar", ""]


class Results:
    """Rows and the facts that they were made under. Written after each row: what was measured is never lost."""

    def __init__(self, title, command, path, places):
        self.title, self.path, self.places = title, path, places
        self.facts = {
            "command": command,
            "started": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
            "machine": machine(),
            "load_before": round(os.getloadavg()[0], 2),
        }
        self.versions = {}
        self.commands = {}
        self.rows = []
        self.failures = {}

    def add(self, row):
        self.rows.append(row)
        print("  " + " | ".join(row.cells()), flush=True)
        self.write()

    def note_command(self, name, command):
        """The first command line of each tool and way of using it is kept, paths from the repository or the home."""
        line = " ".join(str(word) for word in command)
        for place, name_of_it in self.places.items():
            line = line.replace(place, name_of_it)
        self.commands.setdefault(name, line)

    def write(self):
        document = {
            "title": self.title, "facts": self.facts, "versions": self.versions, "commands": self.commands,
            "rows": [dataclasses.asdict(row) for row in self.rows], "failures": self.failures,
        }
        part = f"{self.path}.part"
        with open(part, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1, ensure_ascii=False)
            file.write("\n")
        os.replace(part, self.path)


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return f"{len(models)} × {models[0] if models else platform.machine()}, Linux {platform.release()}"


def table(rows):
    """The rows as an aligned table in Markdown."""
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    text = []
    for number, line in enumerate(lines):
        text.append("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |")
        if number == 0:
            text.append("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(text)
