"""asyncio: two named tasks that compute in turn, others that wait.

Truth: of the CPU time in the coroutines (the event loop takes the rest, a few per cent) light, below the coroutine
small, has 25 %, and heavy, below big, 75 %. Two more tasks named waiter-0 and waiter-1 await sleeper below patient
for ever. Measured by the process itself.
"""

import asyncio
import time

import workload

SPENT = [0.0, 0.0]
SLICE = 0.005


def burn(until):
    while True:
        for _ in range(300):
            pass
        now = time.thread_time()
        if now >= until:
            return now


async def light(due):
    start = time.thread_time()
    SPENT[0] += burn(start + due - SPENT[0]) - start


async def heavy(due):
    start = time.thread_time()
    SPENT[1] += burn(start + due - SPENT[1]) - start


async def small():
    turn = 0
    while True:
        turn += 1
        await light(turn * SLICE)
        await asyncio.sleep(0)


async def big():
    turn = 0
    while True:
        turn += 1
        await heavy(turn * 3 * SLICE)
        await asyncio.sleep(0)


async def sleeper():
    await asyncio.sleep(3600)


async def patient():
    await sleeper()


async def main():
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(small(), name="small"), loop.create_task(big(), name="big")]
    tasks += [loop.create_task(patient(), name="waiter-%d" % index) for index in range(2)]
    await asyncio.gather(*tasks)


def truth():
    total = sum(SPENT)
    return {"light": SPENT[0] / total, "heavy": SPENT[1] / total, "seconds": total}


workload.run(lambda: asyncio.run(main()), truth)
