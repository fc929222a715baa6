"""What the groups of rows on Python are given: the tools beside what every group has."""

import group_context
import peers
import tools


class Context(group_context.GroupContext):
    def rtprof(self, mechanism):
        return tools.Rtprof(self.results, self.scratch, self.options.rtprof, mechanism)

    def py_spy(self, *options):
        return tools.PySpy(self.results, self.scratch, options)

    def austin(self, with_stacks=False):
        return tools.Austin(self.results, self.scratch, with_stacks)

    def tachyon(self, *options):
        return tools.Tachyon(self.results, self.scratch, options)


def make(options, results, scratch):
    """A context whose peers are installed and whose versions are noted."""
    peers.install()
    results.versions = peers.versions(options.rtprof)
    return Context(options, results, scratch)
