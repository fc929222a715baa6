"""Waits in one way, again and again, in a function that is named after it: waits.py SECONDS WAIT.

Truth: the thread that waits does next to nothing else; `turns` is how many of its waits are over. What it waits for
comes from another process, so that no other thread has the interpreter's lock.
"""

import mmap
import os
import select
import socket
import subprocess
import sys
import threading
import time

import workload

STEP = 0.02
PAGE = 4096
STRIDE = 64 * PAGE
FILE_SIZE = 32 << 20

turns = 0


def repeat(work):
    global turns
    while True:
        work()
        turns += 1


def child_that(send):
    """Calls send() in another process every STEP seconds, as long as this one lives."""
    parent = os.getpid()
    if os.fork() == 0:
        while os.getppid() == parent:
            time.sleep(STEP)
            send()
        os._exit(0)


def sleep():
    repeat(lambda: time.sleep(STEP))


def lock():
    taken = threading.Lock()
    taken.acquire()
    repeat(lambda: taken.acquire(timeout=STEP))


def socket_read():
    ours, theirs = socket.socketpair()
    child_that(lambda: theirs.send(b"x"))
    repeat(lambda: ours.recv(1))


def accept():
    server = socket.create_server(("127.0.0.1", 0))
    child_that(lambda: socket.create_connection(server.getsockname()).close())
    repeat(lambda: server.accept()[0].close())


def poll_socket():
    ours, theirs = socket.socketpair()
    poll = select.poll()
    poll.register(ours, select.POLLIN)
    repeat(lambda: poll.poll(1000 * STEP))
    theirs.close()


def epoll_socket():
    ours, theirs = socket.socketpair()
    epoll = select.epoll()
    epoll.register(ours, select.EPOLLIN)
    repeat(lambda: epoll.poll(STEP))
    theirs.close()


def select_pipe():
    ours = os.pipe()[0]
    repeat(lambda: select.select([ours], [], [], STEP))


def select_nothing():
    repeat(lambda: select.select([], [], [], STEP))


def pipe_read():
    ours, theirs = os.pipe()
    child_that(lambda: os.write(theirs, b"x"))
    repeat(lambda: os.read(ours, 1))


def child():
    def run():
        process = subprocess.Popen(["sleep", "0.2"])
        process.wait()

    repeat(run)


def cold_file():
    """On a disk: /var/tmp outlives a reboot, /tmp may be in memory."""
    path = "/var/tmp/rtprof-waits.%d" % os.getpid()
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
    os.unlink(path)
    for _ in range(FILE_SIZE >> 20):
        os.write(file, os.urandom(1 << 20))
    os.fsync(file)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_RANDOM)
    return file


def file_read():
    file = cold_file()

    def run():
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        for offset in range(0, FILE_SIZE, STRIDE):
            os.pread(file, PAGE, offset)

    return lambda: repeat(run)


def fault():
    file = cold_file()
    memory = mmap.mmap(file, FILE_SIZE, prot=mmap.PROT_READ)
    memory.madvise(mmap.MADV_RANDOM)

    def run():
        memory.madvise(mmap.MADV_DONTNEED)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        for offset in range(0, FILE_SIZE, STRIDE):
            memory[offset]

    return lambda: repeat(run)


def page_of_buffer():
    """Writes pages of a mapped file into a pipe: the fault is inside of a system call."""
    file = cold_file()
    memory = mmap.mmap(file, FILE_SIZE, prot=mmap.PROT_READ)
    memory.madvise(mmap.MADV_RANDOM)
    view = memoryview(memory)
    null = os.open("/dev/null", os.O_WRONLY)
    ours, theirs = os.pipe()

    def run():
        memory.madvise(mmap.MADV_DONTNEED)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        for offset in range(0, FILE_SIZE, STRIDE):
            os.write(theirs, view[offset : offset + PAGE])
            os.splice(ours, null, PAGE) if hasattr(os, "splice") else os.read(ours, PAGE)

    return lambda: repeat(run)


def preempted():
    """Two processes compute on one processor."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    parent = os.getpid()
    if os.fork() == 0:
        while os.getppid() == parent:
            pass
        os._exit(0)
    repeat(lambda: sum(range(1000)))


def flock():
    """A lock on a file, which another process holds for STEP seconds out of two."""
    import fcntl

    parent = os.getpid()
    file = open(__file__)
    if os.fork() == 0:
        with open(__file__) as other:
            while os.getppid() == parent:
                fcntl.flock(other, fcntl.LOCK_EX)
                time.sleep(STEP)
                fcntl.flock(other, fcntl.LOCK_UN)
                time.sleep(STEP / 100)
        os._exit(0)

    def run():
        fcntl.flock(file, fcntl.LOCK_EX)
        fcntl.flock(file, fcntl.LOCK_UN)

    repeat(run)


wait = globals()[sys.argv[2]]
body = wait() if wait in (file_read, fault, page_of_buffer) else wait
workload.run(body, lambda: {"turns": turns})
