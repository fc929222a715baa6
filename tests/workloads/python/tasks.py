"""asyncio tasks that await one another for ever, and one that computes in a loop of its own.

Truth: on the thread named waiting, the task all gathers left and right; left gathers leaf-0 and leaf-1, which sleep below
deep; right awaits the task inner, which waits for a future; from 3.11 on the task group waits for member-0 and
member-1 in a TaskGroup; the task plain has the name that it gets without one. On the thread named computing, the task
spinner runs spin below compute all the time. The lines at which sleeper and deep wait are printed.
"""

import asyncio
import sys
import threading

import workload


async def sleeper():
    await asyncio.sleep(3600)


async def deep():
    await sleeper()


async def wait_for_ever():
    await asyncio.get_running_loop().create_future()


def start(coroutine, name=None):
    return asyncio.get_running_loop().create_task(coroutine, name=name)


async def left():
    await asyncio.gather(start(deep(), "leaf-0"), start(deep(), "leaf-1"))


async def right():
    await start(wait_for_ever(), "inner")


async def gather_all():
    await asyncio.gather(start(left(), "left"), start(right(), "right"))


async def group():
    async with asyncio.TaskGroup() as tasks:
        for index in range(2):
            tasks.create_task(deep(), name="member-%d" % index)


async def main():
    tasks = [start(gather_all(), "all"), start(wait_for_ever())]
    if sys.version_info >= (3, 11):
        tasks.append(start(group(), "group"))
    for _ in range(10):
        await asyncio.sleep(0)
    settled.release()
    await asyncio.wait(tasks)


def spin():
    while True:
        for _ in range(1000):
            pass


async def compute():
    settled.release()
    spin()


async def second_main():
    await start(compute(), "spinner")


settled = threading.Semaphore(0)
threading.Thread(target=lambda: asyncio.run(main()), name="waiting", daemon=True).start()
settled.acquire()
if workload.argument(1, 1):
    threading.Thread(target=lambda: asyncio.run(second_main()), name="computing", daemon=True).start()
    settled.acquire()
lines = {name: function.__code__.co_firstlineno + 1 for name, function in (("sleeper", sleeper), ("deep", deep))}
workload.say("truth", lines)
workload.run(threading.Event().wait)
