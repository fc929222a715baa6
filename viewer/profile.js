// The profile inside the page. report/page_data.cc writes it:
//   strings   every text once; the first is empty
//   frames    columns by frame: name (without its line), kind, line (0: none), file, module
//   stacks    columns by stack: frame, up (how far back its callers' stack is); stack 0 is empty
//   threads   columns by thread: process and thread, the texts of their root frames
//   events    columns by row: thread, reason, stack, count of samples, weight
//   switches  what to show at first; palette: see palette.js

export const kKinds = ["python", "java", "go", "native", "kernel", "type", "unknown", "process", "thread", "reason"];
export const kKind = Object.fromEntries(kKinds.map((name, index) => [name, index]));

export function readProfile(text) {
  const data = JSON.parse(text);
  const count = data.stacks.frame.length;
  const callers = new Int32Array(count);
  for (let id = 0; id < count; ++id) callers[id] = id - data.stacks.up[id];
  data.stacks = { callers, frame: Int32Array.from(data.stacks.frame) };
  return data;
}

// The text of a frame with its line, as collapsed stacks have it.
export function textWithLine(name, kind, line) {
  if (kind === kKind.python && name.endsWith(")")) return `${name.slice(0, -1)}:${line})`;
  const mark = kind === kKind.java ? name.search(/_\[[01ji]\]$/) : -1; // of how the JVM ran it
  if (mark >= 0) return `${name.slice(0, mark)}:${line}${name.slice(mark)}`;
  return `${name}:${line}`;
}
