"""What every group of rows is given, whatever it measures: the amount of repetition, and where rows go."""

import dataclasses
import pathlib

import recorder
import results as result_rows


@dataclasses.dataclass
class GroupContext:
    options: object
    results: result_rows.Results
    scratch: pathlib.Path

    @property
    def quick(self):
        return self.options.quick

    def repetitions(self, full, quick=1):
        return quick if self.quick else full

    def attempt(self, what, function):
        """function(), or None when a tool fails at it, which is noted. One tool's failure is not the others'."""
        try:
            return function()
        except recorder.ToolError as error:
            self.results.failures[what] = str(error)
            return None

    def row(self, group, figure, rtprof, peers=None, bar="", verdict="", **data):
        self.results.add(result_rows.Row(group, figure, rtprof, peers or {}, bar, verdict, data))
