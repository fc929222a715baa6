import { countText, countedName, shareText, weightText } from "./format.js";

function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

// "path/file.py:12", or the module where there is no file.
function placeOf(profile, tree, node) {
  const frame = tree.labels.frame[tree.label[node]];
  if (frame < 0) return "";
  const { file, line, module } = profile.frames;
  const path = profile.strings[file[frame]];
  if (!path) return profile.strings[module[frame]];
  const shown = tree.labels.showsLine(profile.frames.kind[frame]) ? line[frame] : 0;
  return shown > 0 ? `${path}:${shown}` : path;
}

function rowsOf(event, tree, node) {
  const parent = tree.parent[node];
  const row = (name, weight) => [
    name,
    weightText(weight, event.unit),
    shareText(weight, tree.total[0]),
    parent >= 0 ? shareText(weight, tree.total[parent]) : "",
  ];
  return [row("Total", tree.total[node]), row("Self", tree.self[node])];
}

// One line about a node, for those who do not point at it.
export function describe(event, tree, node) {
  const [total, self] = rowsOf(event, tree, node);
  const parent = total[3] ? `, ${total[3]} of its parent` : "";
  return `${tree.text(node)} — total ${total[1]} (${total[2]}${parent}), self ${self[1]} (${self[2]})`;
}

// Fills the box beside the mouse.
export function fillTip(tip, profile, event, tree, node) {
  const table = document.createElement("table");
  const head = table.insertRow();
  for (const title of ["", "weight", "of all", "of parent"]) head.append(element("th", title));
  for (const cells of rowsOf(event, tree, node)) {
    const row = table.insertRow();
    for (const cell of cells) row.append(element("td", cell));
  }
  const place = placeOf(profile, tree, node);
  const samples = `${countText(tree.count[node])} ${countedName(event.unit)}`;
  tip.replaceChildren(
    element("div", tree.text(node), "name"),
    element("div", place ? `${place} · ${samples}` : samples, "place"),
    table,
  );
}

// Beside the mouse, inside the window.
export function placeTip(tip, x, y) {
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = x + 14 + width > innerWidth ? Math.max(4, x - width - 10) : x + 14;
  const top = y + 18 + height > innerHeight ? Math.max(4, y - height - 10) : y + 18;
  tip.style.left = `${left}px`;
  tip.style.top = `${top}px`;
}
