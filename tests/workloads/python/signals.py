"""A busy program that takes 1,000 signals a second (or the first argument), and a helper that sends and times them.

The sender is a child process. It notes when it sends each real-time signal, which the kernel queues and never
merges, and when the byte comes back that the receiver's C handler writes: one byte a signal, in order.

Truth: as many signals received as sent. Every second the sender prints `signals {JSON}` with the number sent and
received so far and the delays of that second in microseconds; at the end `truth {JSON}` of the whole run.
"""

import collections
import os
import select
import signal
import socket
import time

import workload

NUMBER = signal.SIGRTMIN


class Sender:
    def __init__(self, receiver, answers, rate):
        self.receiver, self.answers, self.period = receiver, answers, 1 / rate
        self.sent_at = collections.deque()
        self.sent = self.received = 0
        self.delays = []
        self.all_delays = []

    def read(self, timeout):
        if select.select([self.answers], [], [], timeout)[0]:
            now = time.monotonic()
            for _ in self.answers.recv(4096):
                self.received += 1
                self.delays.append((now - self.sent_at.popleft()) * 1e6)

    def run(self, seconds):
        begin = due = time.monotonic()
        report = begin + 1
        while due < begin + seconds and os.getppid() == self.receiver:
            self.sent_at.append(time.monotonic())
            os.kill(self.receiver, NUMBER)
            self.sent += 1
            due += self.period
            while True:
                left = due - time.monotonic()
                if left <= 0:
                    break
                self.read(left)
            if due >= report:
                report += 1
                workload.say("signals", self.summary(self.delays))
                self.all_delays += self.delays
                self.delays = []
        last = time.monotonic() + 1
        while self.received < self.sent and time.monotonic() < last:
            self.read(0.1)
        workload.say("truth", self.summary(self.all_delays + self.delays))

    def summary(self, delays):
        ordered = sorted(delays) or [0]
        return {
            "sent": self.sent,
            "received": self.received,
            "p50_us": round(ordered[len(ordered) // 2], 1),
            "p99_us": round(ordered[len(ordered) * 99 // 100], 1),
            "max_us": round(ordered[-1], 1),
        }


def compute():
    while True:
        for _ in range(1000):
            pass


ours, answers = socket.socketpair()
ours.setblocking(False)
signal.signal(NUMBER, lambda number, frame: None)
signal.set_wakeup_fd(ours.fileno(), warn_on_full_buffer=False)
receiver = os.getpid()
if os.fork() == 0:
    signal.set_wakeup_fd(-1)
    Sender(receiver, answers, workload.argument(1, 1000)).run(workload.seconds() - 1.5)
    os._exit(0)
workload.run(compute)
