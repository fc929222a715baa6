#!/usr/bin/python3
"""Bounded HTTP load on a service of this machine: load.py PORT SECONDS CLIENTS

Each client sends GET / over and over on connections of its own, one request at a time. Prints `serving` at the first
answer, and at the end the requests answered and those that failed; ends with status 1 when none was answered. Only
ever talks to 127.0.0.1.
"""

import http.client
import sys
import threading
import time

serving = threading.Event()


def client(port, end, counts):
    while time.monotonic() < end:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/")
            good = connection.getresponse().status == 200
            connection.close()
        except (OSError, http.client.HTTPException):
            good = False
            time.sleep(0.05)
        if good and not serving.is_set():
            serving.set()
            print("serving", flush=True)
        counts[0 if good else 1] += 1


def main():
    port, seconds, clients = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    end = time.monotonic() + seconds
    results = [[0, 0] for _ in range(clients)]
    threads = [threading.Thread(target=client, args=(port, end, counts)) for counts in results]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answered, failed = (sum(counts[index] for counts in results) for index in range(2))
    print(f"{answered} requests answered, {failed} failed")
    sys.exit(0 if answered else 1)


main()
