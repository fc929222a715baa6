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
    """alternate_sides.py: main calls hot_a and hot_b on lines of their own, each calls its own leaf."""

    def __init__(self, lines):
        self.lines = lines

    def side(self, stack):
        """"a", "b" or "main" for a stack that can be, "wrong" for one that cannot, "" for none of the workload's."""
        names = [frame[0] for frame in stack]
        if "main" not in names:
            return ""
        main = names.index("main")
        callees = names[main + 1:]
        for side in "ab":
            if callees in ([f"hot_{side}"], [f"hot_{side}", f"leaf_{side}"]):
                return side if stack[main][2] in self.lines[f"hot_{side}"] else "wrong"
        return "wrong" if callees else "main"

    def sides(self, read):
        """Side → weight, and the number of stacks of each."""
        weights = {"a": 0, "b": 0, "main": 0, "wrong": 0, "": 0}
        for stack, weight in read.items():
            weights[self.side(stack)] += weight
        return weights

    def shares(self, read):
        """Each stack that can be → its share, by the names of its functions from main on."""
        shares = {}
        total = sum(read.values())
        for stack, weight in read.items():
            if self.side(stack) in ("a", "b", "main"):
                names = [frame[0] for frame in stack]
                key = tuple(names[names.index("main"):])
                shares[key] = shares.get(key, 0) + weight / total
        return shares

    @staticmethod
    def apart(shares):
        """By how much the share of a stack of side a differs from its counterpart's on side b, at most."""
        pairs = ((("main", "hot_a"), ("main", "hot_b")), (("main", "hot_a", "leaf_a"), ("main", "hot_b", "leaf_b")))
        return max(abs(shares.get(first, 0) - shares.get(second, 0)) for first, second in pairs)
