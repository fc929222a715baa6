"""The workloads of known truth: which stacks are possible, and which function has which share of the CPU time."""

import dataclasses

import stacks


@dataclasses.dataclass
class Share:
    """A workload whose functions `first` and `second` have, as leaves, 25 and 75 % of their CPU time."""

    kind: str
    workload: tuple
    first: str
    second: str

    def measure(self, read):
        """The share of `first` of both, as the workload defines it: helpers between the two do not count."""
        weights = [sum(weight for stack, weight in read.items() if stacks.leaf(name)(stack)) for name in self.names()]
        return weights[0] / sum(weights) if sum(weights) else None

    def names(self):
        return (self.first, self.second)


FIRST_SHARE = 0.25
SHARES = (
    Share("alternating", ("shares.py",), "hot_a", "hot_b"),
    Share("recursive", ("recursion.py",), "left", "right"),
    Share("threaded", ("thread_shares.py",), "hot_a", "hot_b"),
    Share("generators", ("generator_shares.py",), "quick_gen", "slow_gen"),
    Share("C calls", ("ccalls.py",), "holding", "releasing"),
)


class Alternation:
    """alternate.py: main calls hot_a on one line and hot_b on the next, each its own leaf. Its two sides do the same.

    What tools show of what lies above main, and of lines before the first instruction, does not count as wrong.
    """

    def __init__(self, lines):
        self.line = {"hot_a": lines["hot_a"], "hot_b": lines["hot_b"]}

    def side(self, stack):
        """"a", "b" or "main" for a stack that can be, "wrong" for one that cannot, "" for none of the workload's."""
        names = [frame[0] for frame in stack]
        if "main" not in names:
            return ""
        main = names.index("main")
        callees = names[main + 1:]
        for side in "ab":
            if callees in ([f"hot_{side}"], [f"hot_{side}", f"leaf_{side}"]):
                return side if stack[main][2] == self.line[f"hot_{side}"] else "wrong"
        return "wrong" if callees else "main"

    def sides(self, read):
        """Side → weight, and the number of stacks of each."""
        weights = {"a": 0, "b": 0, "main": 0, "wrong": 0, "": 0}
        for stack, weight in read.items():
            weights[self.side(stack)] += weight
        return weights

    def possible(self, read):
        """Each stack that can be → its share, from main on: the line of main, then functions without lines."""
        shares = {}
        total = sum(read.values())
        for stack, weight in read.items():
            if self.side(stack) in ("a", "b", "main"):
                main = [frame[0] for frame in stack].index("main")
                key = (f"main:{stack[main][2]}", *(frame[0] for frame in stack[main + 1:]))
                shares[key] = shares.get(key, 0) + weight / total
        return shares
