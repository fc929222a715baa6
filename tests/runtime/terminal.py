#!/usr/bin/python3
"""Runs a command on a terminal of its own (tmux), types keys, and prints what the screen shows after each.

usage: terminal.py COLUMNSxROWS [KEY...] -- COMMAND ARG...

A KEY is what `tmux send-keys` takes, `size=COLUMNSxROWS` to resize, `wait=REGEX` to wait until the screen matches, or
`signal=NAME` for the command. Each screen is printed between a line `== KEY` and the next; the first, named `start`,
when it shows something. In the end the command's exit status is printed as `== exit N`, and it is this program's.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
import time

PATIENCE_SECONDS = 20


class Terminal:
    def __init__(self, size, command, folder):
        self.socket = os.path.join(folder, "tmux")
        self.status = os.path.join(folder, "status")
        self.pid_file = os.path.join(folder, "pid")
        script = f"sh -c 'echo $$ >{self.pid_file}; exec \"$@\"' sh {shlex.join(command)}; echo $? >{self.status}; sleep 60"
        self.tmux("new-session", "-d", "-x", size[0], "-y", size[1], script)

    def tmux(self, *arguments):
        return subprocess.run(
            ["tmux", "-S", self.socket, "-f", "/dev/null", *arguments], check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    def screen(self):
        return self.tmux("capture-pane", "-p").rstrip("\n")

    def ended(self):
        return os.path.exists(self.status) and open(self.status, encoding="ascii").read().strip()

    def screen_when(self, condition):
        """The first screen that meets the condition and stays a moment, so that no half-drawn one counts; the last
        one when none does."""
        end = time.monotonic() + PATIENCE_SECONDS
        before = None
        while True:
            screen = self.screen()
            if screen == before and condition(screen) or time.monotonic() > end:
                return screen
            before = screen
            time.sleep(0.05)

    def press(self, key):
        name, _, value = key.partition("=")
        before = self.screen()
        if name == "wait":
            return self.screen_when(lambda screen: re.search(value, screen, re.MULTILINE))
        if name == "size":
            self.tmux("resize-window", "-x", value.split("x")[0], "-y", value.split("x")[1])
        elif name == "signal":
            os.kill(int(open(self.pid_file, encoding="ascii").read()), getattr(__import__("signal"), f"SIG{value}"))
        else:
            self.tmux("send-keys", key)
        return self.screen_when(lambda screen: screen != before or self.ended())


def show(name, text):
    print(f"== {name}\n{text}", flush=True)


def main():
    split = sys.argv.index("--")
    size, *keys = sys.argv[1:split]
    with tempfile.TemporaryDirectory() as folder:
        terminal = Terminal(size.split("x"), sys.argv[split + 1 :], folder)
        try:
            show("start", terminal.screen_when(lambda screen: screen.strip() or terminal.ended()))
            for key in keys:
                show(key, terminal.press(key))
            terminal.screen_when(lambda _: terminal.ended())
            show("exit", terminal.ended() or "still running")
            sys.exit(int(terminal.ended() or 1))
        finally:
            terminal.tmux("kill-server")


main()
