// Numbers as people read them. Units: [from, size, name]; what would round to 1000 of a unit is of the next one.

const kTimes = [
  [3.6e12, 3.6e12, "h"],
  [6e11, 6e10, "min"],
  [0.9995e9, 1e9, "s"],
  [0.9995e6, 1e6, "ms"],
  [0.9995e3, 1e3, "µs"],
  [0, 1, "ns"],
];
const kSizes = [
  [2 ** 40, 2 ** 40, "TiB"],
  [2 ** 30, 2 ** 30, "GiB"],
  [2 ** 20, 2 ** 20, "MiB"],
  [2 ** 10, 2 ** 10, "KiB"],
  [0, 1, "B"],
];

function digits(value) {
  if (value >= 100 || Number.isInteger(value)) return value.toFixed(0);
  return value.toPrecision(3);
}

// What is counted beside the weight: of allocations, the objects that samples stand for.
export function countedName(unit) {
  return unit === "bytes" ? "objects" : "samples";
}

export function weightText(value, unit) {
  const scale = unit === "bytes" ? kSizes : kTimes;
  const [, divisor, name] = scale.find(([from]) => value >= from) ?? scale[scale.length - 1];
  return `${digits(value / divisor)} ${name}`;
}

export function shareText(part, whole) {
  if (!(whole > 0) || part === 0) return "0 %";
  const percent = (100 * part) / whole;
  if (part > 0 && percent < 0.01) return "< 0.01 %";
  return `${percent >= 10 ? percent.toFixed(1) : percent.toFixed(2)} %`;
}

export function countText(value) {
  return value.toLocaleString("en-US");
}
