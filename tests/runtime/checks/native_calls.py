"""Whether stacks of workloads/python/native_calls.py have C where it belongs, in 99 % of the weight.

usage: native_calls.py FILE       collapsed stacks
       native_calls.py --dumps    on standard input, what `dump --json` has printed again and again
"""

import collections
import json
import re
import sys

# Who calls whom below main(), and what of C lies between or below.
CHAINS = {
    ("compress",): r"deflate|libz",
    ("dig",): r"_hashlib|_sha2|_sha256|libcrypto",
    ("sort",): None,
    ("sort", "key"): r".",
    ("reduce",): None,
    ("reduce", "add"): r".",
    ("qsort",): None,
    ("qsort", "compare"): r"qsort",
    ("listing",): None,
    ("listing", "key"): r".",
    ("listing", "__init__"): r"",
    ("listing", "__next__"): r".",
    ("dropping",): None,
    ("dropping", "drop"): r".",
    ("dropping", "drop", "__init__"): r".",
    ("dropping", "drop", "__del__"): r".",
    ("dropping", "__del__"): r".",
}
MUST_BE_MET = [("compress",), ("dig",), ("sort", "key"), ("reduce", "add"), ("qsort", "compare"), ("listing", "key")]
LIBRARIES = r"deflate|libz|_hashlib|_sha2|_sha256|libcrypto"
INTERPRETER = r"_PyEval_EvalFrame|PyEval_EvalCode|Py_RunMain|\[unknown"


def python_name(frame):
    found = re.fullmatch(r"(\S+) \(native_calls\.py:\d+\)", frame)
    return found and found[1].split(".")[-1]


def chain_of(frames):
    """The Python functions below main, and the C frames after each."""
    chain, called = [], []
    for frame in frames:
        name = python_name(frame)
        if name:
            chain.append(name)
            called.append([])
        elif called:
            called[-1].append(frame)
    if chain[:2] != ["<module>", "main"]:
        return None, None
    return tuple(chain[2:]), called[2:]


def is_right(frames):
    if re.search(INTERPRETER, ";".join(frames)):
        return False
    chain, called = chain_of(frames)
    if chain == ():
        return True
    if chain not in CHAINS:
        return False
    libraries = any(re.search(LIBRARIES, ";".join(each)) for each in called)
    if len(chain) == 1:
        return not libraries or chain in (("compress",), ("dig",))
    return bool(re.search(CHAINS[chain], ";".join(called[0]))) and not libraries


def collapsed(file):
    """Frames, root first, and weight of each stack."""
    for line in file:
        stack, weight = line.rsplit(" ", 1)
        yield stack.split(";"), int(weight)


def dumped(file):
    """The same of the first thread of each dump."""
    text, decoder = file.read(), json.JSONDecoder()
    at = text.find("{")
    while at >= 0:
        dump, end = decoder.raw_decode(text, at)
        frames = dump["threads"][0]["frames"][::-1]
        yield [f"{f['function']} ({f['file']}:{f['line']})" if f["kind"] == "python" else f["function"] for f in frames], 1
        at = text.find("{", end)


def main():
    dumps = sys.argv[1] == "--dumps"
    stacks = dumped(sys.stdin) if dumps else collapsed(open(sys.argv[1]))
    right, wrong, met, below = 0, collections.Counter(), collections.Counter(), collections.Counter()
    for frames, weight in stacks:
        if not is_right(frames):
            wrong[";".join(frames)] += weight
            continue
        right += weight
        chain, called = chain_of(frames)
        met[chain] += weight
        if len(chain) == 1 and CHAINS[chain] and re.search(CHAINS[chain], ";".join(called[0])):
            below[chain] += weight
    total = right + sum(wrong.values())
    problems = [] if dumps else [f"{chain} was not met" for chain in MUST_BE_MET if not met[chain]]

    def least(share, count):
        """That are to be met; of a few dumps, four standard deviations less."""
        return share * count - (4 * (share * (1 - share) * count) ** 0.5 if dumps else 0)

    problems += [f"C below {chain} in {below[chain]} of {met[chain]}" for chain in (("compress",), ("dig",))
                 if below[chain] < least(0.7, met[chain])]
    if not any(met[chain] for chain in CHAINS if CHAINS[chain]) or right < least(0.99, total):
        problems.append(f"right are {right} of {total}; wrong: {wrong.most_common(5)}")
    print(f"right are {right} of {total}", *problems, sep="\n")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
