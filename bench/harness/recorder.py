"""A program that records a process, behind one interface: start() attaches, finish() says what came of it."""

import stopwatch


class ToolError(Exception):
    """A tool did not do what it was asked to."""


class Tool:
    """`name`, `command(...)`, `understand(...)`. Makes its files in a scratch directory, one recording at a time."""

    environment = {}

    def __init__(self, results, scratch):
        self.results, self.scratch = results, scratch

    def start(self, pid, event="cpu", rate=1000, seconds=3):
        command = self.command(pid, event, rate, seconds)
        self.results.note_command(f"{self.name}, {event}", command)
        running = stopwatch.Running(command, env=self.environment, cwd=self.scratch)
        running.asked = (event, rate, seconds)
        return running

    def finish(self, running):
        finished = running.finish()
        if not self.succeeded(finished):
            command = " ".join(finished.command)
            raise ToolError(f"{self.name} ended with {finished.status}: {command}\n{finished.output}")
        return self.understand(finished, *running.asked)

    def succeeded(self, finished):
        return finished.status == 0

    def record(self, pid, event="cpu", rate=1000, seconds=3, window=None):
        """`window`: the moments after the start between which CPU time counts as the steady state's."""
        running = self.start(pid, event, rate, seconds)
        if window:
            running.measure_window(*window)
        return self.finish(running)
