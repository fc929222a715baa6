"""A thread waits for a lock in wait_for_turn(), which the main thread releases in give_turn() every 5 ms."""

import threading
import time

turn = threading.Lock()
turn.acquire()


def wait_for_turn():
    turn.acquire()


def give_turn():
    turn.release()


def wait_again_and_again():
    while True:
        wait_for_turn()


threading.Thread(target=wait_again_and_again, daemon=True).start()
print("ready", flush=True)
while True:
    time.sleep(0.005)
    if turn.locked():  # or the other has not had a CPU since the last time
        give_turn()
