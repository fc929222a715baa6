// What a person typed as a test of texts: a regular expression where it is one, else the text itself. Ignores case
// unless there is a capital.
export function makeMatcher(query) {
  const flags = /\p{Lu}/u.test(query) ? "" : "i";
  try {
    const expression = new RegExp(query, flags);
    return { matches: (text) => expression.test(text), literal: false };
  } catch {
    const fold = flags === "i" ? (text) => text.toLowerCase() : (text) => text;
    const wanted = fold(query);
    return { matches: (text) => fold(text).includes(wanted), literal: true };
  }
}

// Which nodes of a tree match, and how much of its weight is in matching nodes or below them: weight under two
// matching nodes counts once.
export class Search {
  constructor(tree, query) {
    const matcher = makeMatcher(query);
    this.literal = matcher.literal;
    const byLabel = Uint8Array.from(tree.labels.text, (text) => (matcher.matches(text) ? 1 : 0));
    byLabel[tree.label[0]] = 0;
    const covered = new Uint8Array(tree.size);
    this.before = new Int32Array(tree.size + 1); // matching nodes with a smaller number
    this.weight = 0;
    this.outermost = []; // matching nodes that no matching node is above
    for (let node = 0; node < tree.size; ++node) {
      const parent = tree.parent[node];
      const above = parent >= 0 && covered[parent];
      const match = byLabel[tree.label[node]];
      if (match && !above) {
        this.weight += tree.total[node];
        this.outermost.push(node);
      }
      covered[node] = above || match ? 1 : 0;
      this.before[node + 1] = this.before[node] + match;
    }
    this.count = this.before[tree.size];
  }

  // Whether any of the nodes from `from` up to but not including `to` matches.
  any(from, to) {
    return this.before[to] > this.before[from];
  }

  // The weight of matches inside the given part of the tree.
  weightWithin(tree, start, end) {
    let weight = 0;
    for (const node of this.outermost) {
      const from = Math.max(start, tree.start[node]);
      const to = Math.min(end, tree.start[node] + tree.total[node]);
      if (to > from) weight += to - from;
    }
    return weight;
  }
}
