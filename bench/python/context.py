"""What every group of rows is given: the tools, the amount of repetition, and where rows go."""

import dataclasses
import pathlib

import inference
import peers
import results as result_rows
import tools


@dataclasses.dataclass
class Context:
    options: object
    results: result_rows.Results
    scratch: pathlib.Path

    @property
    def quick(self):
        return self.options.quick

    def repetitions(self, full, quick=1):
        return quick if self.quick else full

    def rtprof(self, mechanism):
        return tools.Rtprof(self.results, self.scratch, self.options.rtprof, mechanism)

    def py_spy(self, *options):
        return tools.PySpy(self.results, self.scratch, options)

    def austin(self, with_stacks=False):
        return tools.Austin(self.results, self.scratch, with_stacks)

    def tachyon(self, *options):
        return tools.Tachyon(self.results, self.scratch, options)

    def attempt(self, what, function):
        """function(), or None when a tool fails at it, which is noted. One tool's failure is not the others'."""
        try:
            return function()
        except tools.ToolError as error:
            self.results.failures[what] = str(error)
            return None

    def row(self, group, figure, rtprof, peers=None, bar="", verdict="", **data):
        self.results.add(result_rows.Row(group, figure, rtprof, peers or {}, bar, verdict, data))


def make(options, results, scratch):
    """A context whose peers are installed and whose versions are noted."""
    peers.install()
    results.versions = peers.versions(options.rtprof)
    return Context(options, results, scratch)


def number(value, digits=3):
    """Three digits that count, without an exponent."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    text = f"{value:.{digits}g}"
    return f"{float(text):,.0f}" if "e" in text or abs(value) >= 1000 else text


def spread(values, unit=""):
    """The median with the 95 % interval of it."""
    values = [value for value in values if value is not None]
    if not values:
        return "–"
    unit = f" {unit}" if unit else ""
    if len(values) == 1:
        return number(values[0]) + unit
    low, high = inference.interval(values)
    return f"{number(inference.median(values))}{unit} ({number(low)}…{number(high)})"


def paired(first, second, how):
    """how(a, b) of the repetitions that both have."""
    return [how(a, b) for a, b in zip(first, second) if a is not None and b is not None]


def ratios(first, second):
    return paired(first, second, lambda a, b: a / b)


def differences(first, second):
    return paired(first, second, lambda a, b: a - b)
