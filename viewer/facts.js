import { countText, countedName, shareText, weightText } from "./format.js";
import { rangeColor } from "./palette.js";
import { kKind } from "./profile.js";

// What the head of the page says about the recording of one event: [name, value, explanation, whether to warn].

function sum(runs, field) {
  return runs.reduce((total, run) => total + run[field], 0);
}

function unique(values) {
  return [...new Set(values.filter((value) => value))];
}

function quality(runs) {
  const asked = sum(runs, "asked");
  const missing = sum(runs, "late") + sum(runs, "torn") + sum(runs, "errors") + sum(runs, "lost");
  const unknown = sum(runs, "unknown");
  const samples = sum(runs, "samples");
  const approximate = runs.some((run) => !run.exact);
  const mechanisms = unique(runs.map((run) => run.mechanism)).join(", ");
  const why = unique(runs.map((run) => run.reason)).join("; ");
  const parts = ["late", "torn", "errors", "lost"].map((field) => `${field} ${countText(sum(runs, field))}`);
  return [
    ["mechanism", approximate ? `${mechanisms}, approximate` : mechanisms, why, approximate],
    ["lost", shareText(missing, asked), parts.join(", "), missing > 0.001 * asked],
    ["unknown", shareText(unknown, samples), "samples whose stack could not be read", unknown > 0.001 * samples],
  ];
}

export function factsOf(profile, event, tree) {
  const clocked = event.name === "cpu" || event.name === "wall";
  const facts = [
    ["event", event.name, "", false],
    ["total", weightText(tree.total[0], event.unit), "", false],
    ["duration", weightText(profile.duration, "ns"), "", false],
    [countedName(event.unit), countText(event.samples), "", false],
  ];
  if (clocked && profile.rate > 0) facts.push(["rate", `${countText(profile.rate)} Hz`, "", false]);
  const runtimes = unique(event.runs.map((run) => run.runtime.trim())).join(", ");
  if (runtimes) facts.push(["runtime", runtimes, "", false]);
  if (event.runs.length > 0) facts.push(...quality(event.runs));
  if (event.resolution > 0) {
    facts.push(["time coarsened to", weightText(event.resolution, "ns"), "memory was short", false]);
  }
  if (profile.startMs > 0) {
    const time = new Date(profile.startMs);
    facts.push(["recorded", time.toISOString().replace("T", " ").slice(0, 19) + " UTC", "", false]);
  }
  return facts;
}

export function fillFacts(list, facts) {
  list.replaceChildren(
    ...facts.map(([name, value, explanation, warn]) => {
      const item = document.createElement("li");
      const strong = document.createElement("b");
      strong.textContent = value;
      item.append(`${name} `, strong);
      if (explanation) item.title = explanation;
      if (warn) item.className = "warn";
      return item;
    }),
  );
}

const kLegend = [
  ["python", "Python"],
  ["java", "Java"],
  ["go", "Go"],
  ["native", "native"],
  ["kernel", "kernel"],
  ["type", "type"],
  ["unknown", "other"],
];

// Which colour stands for which kind of frame, where there are several.
export function fillLegend(list, palette, kinds) {
  const present = new Set(kinds);
  const shown = kLegend.filter(([name]) => present.has(kKind[name]));
  list.hidden = shown.length < 2;
  list.replaceChildren(
    ...shown.map(([name, text]) => {
      const item = document.createElement("li");
      const swatch = document.createElement("i");
      swatch.style.background = rangeColor(palette[kKind[name]]);
      item.append(swatch, text);
      return item;
    }),
  );
}
