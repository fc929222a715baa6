"""Variables of every kind: `holder` waits for ever with known values, a thread named looper computes with some.

Truth: printed as `argument`, `local` and `looping` (names to their texts as rtprof dump shows them).
"""

import collections
import sys
import threading
import time

import workload

BIG = 123456789012345678901234567890123456789


class Order:
    def __init__(self):
        self.number = 1


def argument_truth():
    return {
        "first": "1",
        "second": "-2",
        "rest": "(3, 'four')",
        "keyword": "None",
        "others": "{'extra': b'\\x00\\xff'}",
    }


def local_truth():
    return {
        "zero": "0",
        "small": "-5",
        "wide": "1099511627776",
        "big": str(BIG),
        "negative": "-" + str(BIG),
        "huge": "<int of 3330 bits>",
        "yes": "True",
        "no": "False",
        "real": "0.1",
        "whole": "-3.0",
        "tiny": "1e-300",
        "infinite": "-inf",
        "text": "'plain \\'and\\' \"quoted\"\\n'",
        "apostrophe": '"it\'s"',
        "unicode": "'зелёный 𠀀'",
        "empty": "''",
        "long_text": "'" + "x" * 120 + "'… of 1000",
        "data": "b'ab\\x00'",
        "elements": "[1, 'two', [3, (… 2 more)]]",
        "many": "[0, 1, 2, 3, 4, 5, 6, 7, … 992 more]",
        "pair": "(1,)",
        "nothing": "()",
        "mapping": "{'a': 1, 2: None}",
        "unique": "{7}",
        "frozen": "frozenset({'x'})",
        "no_items": "set()",
        "cell": "'in a cell'",
        "free": "'free'",
        "kind": "<class 'values_module.Order'>",
        "builtin": "<class 'dict'>",
    }


def build(free):
    def holder(first, second, *rest, keyword=None, **others):
        zero = 0
        small = -5
        wide = 1 << 40
        big = BIG
        negative = -BIG
        huge = 1 << 3320
        yes = True
        no = False
        real = 0.1
        whole = -3.0
        tiny = 1e-300
        infinite = float("-inf")
        text = "plain 'and' \"quoted\"\n"
        apostrophe = "it's"
        unicode = "зелёный 𠀀"
        empty = ""
        long_text = "x" * 1000
        data = b"ab\0"
        elements = [1, "two", [3, (4, {5: 6})]]
        many = list(range(1000))
        pair = (1,)
        nothing = ()
        mapping = {"a": 1, 2: None, "gone": 0}
        del mapping["gone"]
        unique = {7}
        frozen = frozenset(["x"])
        no_items = set()
        cell = "in a cell"
        kind = Order
        builtin = dict
        order = Order()
        counter = collections.OrderedDict(a=1)
        function = build
        unset = 1
        del unset
        generator = (cell for _ in range(3))
        started.release()
        while first:
            wait_here()
        unbound = 1
        return (zero, small, wide, big, negative, huge, yes, no, real, whole, tiny, infinite, text, apostrophe, unicode,
                empty, long_text, data, elements, many, pair, nothing, mapping, unique, frozen, no_items, kind, builtin,
                order, counter, function, generator, free, unbound)

    return holder


def wait_here():
    never.wait()


def loop():
    constant = "busy"
    numbers = [1, 2, 3]
    started.release()
    while True:
        for index in range(1000):
            numbers[0] = index
        if constant == "":
            break


Order.__module__ = "values_module"
never = threading.Event()
started = threading.Semaphore(0)
call = build("free")
threading.Thread(target=lambda: call(1, -2, 3, "four", extra=b"\0\xff"), name="holder", daemon=True).start()
started.acquire()
if workload.argument(1, 1):
    threading.Thread(target=loop, name="looper", daemon=True).start()
    started.acquire()
workload.say("truth", {"argument": argument_truth(), "local": local_truth(), "python": sys.version})
workload.run(lambda: time.sleep(3600))
