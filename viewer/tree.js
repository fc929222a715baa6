import { kKind, textWithLine } from "./profile.js";

// What nodes of a tree display: columns by label. Equal frames share one.
class Labels {
  constructor(profile, lines) {
    this.profile = profile;
    this.lines = lines;
    this.text = [];
    this.kind = [];
    this.frame = []; // one of the frames that look like this; -1: none
    this.ids = new Map();
    this.ofFrame = profile.frames.name.map((_, frame) => this.addFrame(frame));
  }

  add(key, text, kind, frame) {
    const known = this.ids.get(key);
    if (known !== undefined) return known;
    this.ids.set(key, this.text.length);
    this.text.push(text);
    this.kind.push(kind);
    this.frame.push(frame);
    return this.text.length - 1;
  }

  addFrame(frame) {
    const { name, kind, line, file } = this.profile.frames;
    const shown = this.showsLine(kind[frame]) ? line[frame] : 0;
    const text = this.profile.strings[name[frame]];
    const key = `${kind[frame]} ${name[frame]} ${file[frame]} ${shown}`;
    return this.add(key, shown > 0 ? textWithLine(text, kind[frame], shown) : text, kind[frame], frame);
  }

  addRoot(kind, text) {
    return this.add(`${kind} root ${text}`, text, kind, -1);
  }

  showsLine(kind) {
    if (this.lines === "python") return kind === kKind.python;
    return this.lines && kind <= kKind.native;
  }
}

// Nodes in the order of their making, found again by (parent, label) in an open-addressed table.
class Builder {
  constructor(expected) {
    this.size = 0;
    this.reserve(Math.max(1024, expected));
    this.slots = new Int32Array(4096).fill(-1);
    this.mask = this.slots.length - 1;
  }

  reserve(capacity) {
    const grown = (Type, old) => {
      const array = new Type(capacity);
      if (old) array.set(old);
      return array;
    };
    this.parent = grown(Int32Array, this.parent);
    this.label = grown(Int32Array, this.label);
    this.self = grown(Float64Array, this.self);
    this.count = grown(Float64Array, this.count);
  }

  slotOf(parent, label) {
    let hash = Math.imul(parent, 0x9e3779b1) ^ Math.imul(label, 0x85ebca6b);
    hash ^= hash >>> 15;
    for (let slot = hash & this.mask; ; slot = (slot + 1) & this.mask) {
      const node = this.slots[slot];
      if (node < 0 || (this.parent[node] === parent && this.label[node] === label)) return slot;
    }
  }

  // The child of `parent` that displays `label`; made on first use.
  child(parent, label) {
    const slot = this.slotOf(parent, label);
    if (this.slots[slot] >= 0) return this.slots[slot];
    if (this.size === this.parent.length) this.reserve(2 * this.size);
    const node = this.size++;
    this.parent[node] = parent;
    this.label[node] = label;
    this.slots[slot] = node;
    if (2 * this.size > this.slots.length) this.rehash();
    return node;
  }

  rehash() {
    this.slots = new Int32Array(2 * this.slots.length).fill(-1);
    this.mask = this.slots.length - 1;
    for (let node = 0; node < this.size; ++node) {
      this.slots[this.slotOf(this.parent[node], this.label[node])] = node;
    }
  }
}

// Rows of an event by the node that their roots (process, thread, reason) lead to.
function rowsByRoot(profile, event, switches, labels, builder, top) {
  const { threads, strings } = profile;
  const nodes = new Map();
  const rows = new Map();
  for (let row = 0; row < event.stack.length; ++row) {
    const thread = event.thread[row];
    const texts = [
      switches.processes ? [kKind.process, strings[threads.process[thread]]] : null,
      switches.threads ? [kKind.thread, strings[threads.thread[thread]]] : null,
      switches.reasons && event.reason[row] ? [kKind.reason, strings[event.reason[row]]] : null,
    ];
    const key = texts.map((part) => (part ? part[1] : "")).join("\n");
    let node = nodes.get(key);
    if (node === undefined) {
      node = top;
      for (const part of texts) if (part) node = builder.child(node, labels.addRoot(part[0], part[1]));
      nodes.set(key, node);
      rows.set(node, []);
    }
    rows.get(node).push(row);
  }
  return rows;
}

function addForward(profile, event, labels, builder, root, rows, memo) {
  const { callers, frame } = profile.stacks;
  const path = [];
  const touched = [0];
  memo[0] = root;
  for (const row of rows) {
    let at = event.stack[row];
    for (; memo[at] < 0; at = callers[at]) path.push(at);
    let node = memo[at];
    while (path.length > 0) {
      at = path.pop();
      node = builder.child(node, labels.ofFrame[frame[at]]);
      memo[at] = node;
      touched.push(at);
    }
    builder.self[node] += event.weight[row];
    builder.count[node] += event.count[row];
  }
  for (const stack of touched) memo[stack] = -1;
}

function addReversed(profile, event, labels, builder, root, rows) {
  const { callers, frame } = profile.stacks;
  for (const row of rows) {
    let node = root;
    for (let at = event.stack[row]; at !== 0; at = callers[at]) {
      node = builder.child(node, labels.ofFrame[frame[at]]);
    }
    builder.self[node] += event.weight[row];
    builder.count[node] += event.count[row];
  }
}

// The position of every label in the order of their texts.
function ranks(labels) {
  const order = labels.text.map((_, label) => label);
  order.sort((a, b) => (labels.text[a] < labels.text[b] ? -1 : labels.text[a] > labels.text[b] ? 1 : a - b));
  const rank = new Int32Array(order.length);
  order.forEach((label, position) => (rank[label] = position));
  return rank;
}

// The nodes sorted by the rank of their labels: a counting sort.
function byRank(builder, rank) {
  const starts = new Int32Array(rank.length + 1);
  for (let node = 0; node < builder.size; ++node) ++starts[rank[builder.label[node]] + 1];
  for (let i = 0; i < rank.length; ++i) starts[i + 1] += starts[i];
  const sorted = new Int32Array(builder.size);
  for (let node = 0; node < builder.size; ++node) sorted[starts[rank[builder.label[node]]]++] = node;
  return sorted;
}

// The children of every node in the order of their texts: those of node n are
// children[first[n]] to children[first[n + 1] - 1].
function childLists(builder, rank) {
  const first = new Int32Array(builder.size + 1);
  for (let node = 1; node < builder.size; ++node) ++first[builder.parent[node] + 1];
  for (let node = 0; node < builder.size; ++node) first[node + 1] += first[node];
  const next = first.slice();
  const children = new Int32Array(builder.size);
  for (const node of byRank(builder, rank)) {
    if (node !== 0) children[next[builder.parent[node]]++] = node;
  }
  return { first, children };
}

// The calls of one event as columns by node. Nodes are numbered level by level and from left to right, so that a
// level is a range of numbers, as are the children of a node, and a level can be searched by position.
export class Tree {
  constructor(profile, event, switches) {
    this.labels = new Labels(profile, switches.lines);
    const builder = new Builder(profile.stacks.frame.length);
    const top = builder.child(-1, this.labels.addRoot(kKind.process, "all"));
    const memo = new Int32Array(profile.stacks.frame.length).fill(-1);
    for (const [root, rows] of rowsByRoot(profile, event, switches, this.labels, builder, top)) {
      if (switches.reverse) {
        addReversed(profile, event, this.labels, builder, root, rows);
      } else {
        addForward(profile, event, this.labels, builder, root, rows, memo);
      }
    }
    this.number(builder);
  }

  number(builder) {
    const size = builder.size;
    this.size = size;
    const totals = builder.self.slice(0, size);
    const counts = builder.count.slice(0, size);
    for (let node = size - 1; node > 0; --node) {
      totals[builder.parent[node]] += totals[node];
      counts[builder.parent[node]] += counts[node];
    }
    const { first, children } = childLists(builder, ranks(this.labels));
    // Local names: the loop below visits every node of trees of a million.
    const label = (this.label = new Int32Array(size));
    const parent = (this.parent = new Int32Array(size).fill(-1));
    const firstChild = (this.firstChild = new Int32Array(size + 1));
    const start = (this.start = new Float64Array(size));
    const self = (this.self = new Float64Array(size));
    const total = (this.total = new Float64Array(size));
    const count = (this.count = new Float64Array(size));
    const levels = (this.levels = [0]); // where each begins, and the end
    const order = new Int32Array(size);
    let made = 1;
    for (let node = 0, levelEnd = 1; node < size; ++node) {
      if (node === levelEnd) {
        levels.push(node);
        levelEnd = made;
      }
      const old = order[node];
      label[node] = builder.label[old];
      self[node] = builder.self[old];
      total[node] = totals[old];
      count[node] = counts[old];
      firstChild[node] = made;
      let position = start[node];
      for (let i = first[old]; i < first[old + 1]; ++i) {
        const child = children[i];
        order[made] = child;
        parent[made] = node;
        start[made] = position;
        position += totals[child];
        ++made;
      }
    }
    firstChild[size] = made;
    levels.push(size);
  }

  get depth() {
    return this.levels.length - 1;
  }

  text(node) {
    return this.labels.text[this.label[node]];
  }

  levelOf(node) {
    let low = 0;
    let high = this.depth - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.levels[middle] <= node) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  // The first node of a level, from `from` on, that ends after `position`; the end of the level when none does.
  firstEndingAfter(level, position, from = this.levels[level]) {
    let low = from;
    let high = this.levels[level + 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.start[middle] + this.total[middle] > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  // Root first, with the node itself.
  pathTo(node) {
    const path = [];
    for (; node >= 0; node = this.parent[node]) path.push(node);
    return path.reverse();
  }

  // The text of every node from the root's child to `node`, by which it is found again in another tree.
  textsTo(node) {
    return this.pathTo(node)
      .slice(1)
      .map((at) => this.text(at));
  }

  // The node that such texts lead to, as far as they go.
  findByTexts(texts) {
    let node = 0;
    for (const text of texts) {
      let child = this.firstChild[node];
      while (child < this.firstChild[node + 1] && this.text(child) !== text) ++child;
      if (child === this.firstChild[node + 1]) break;
      node = child;
    }
    return node;
  }
}
