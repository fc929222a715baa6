import { frameColor } from "./palette.js";
import { Strip } from "./strip.js";

const kRow = 19;
const kFontSize = 12;
const kFont = `${kFontSize}px ui-monospace, "SFMono-Regular", Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace`;
const kPad = 4;
const kZoomMs = 160;

const kNarrow = 2 * kPad + 14; // frames that have no room for a text

function cssColor(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// A colour for CSS and for pixels (0xbbggrr).
function paint([red, green, blue]) {
  return { css: `rgb(${red} ${green} ${blue})`, pixel: (blue << 16) | (green << 8) | red };
}

function paintOfHex(hex) {
  return paint([1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));
}

// Draws a tree on a canvas that stays in view while the page scrolls beneath it: what it costs depends on the pixels
// in view, not on the size of the tree.
export class Chart {
  constructor(scroller, space, canvas, ranges) {
    this.scroller = scroller;
    this.space = space;
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.strip = new Strip();
    this.ranges = ranges;
    this.tree = null;
    this.search = null;
    this.inverted = false;
    this.zoomed = 0;
    this.hovered = -1;
    this.selected = -1;
    this.from = 0; // the part of the tree in view, as weights
    this.to = 1;
    this.pending = false;
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.dark.addEventListener("change", () => this.restyle());
    new ResizeObserver(() => this.resize()).observe(scroller);
    scroller.addEventListener("scroll", () => this.redraw());
    this.restyle();
  }

  restyle() {
    this.colors = [];
    this.style = Object.fromEntries(
      ["paper", "ink", "accent", "match", "match-ink", "frame-ink", "line"].map((name) => [name, cssColor(`--${name}`)]),
    );
    this.style.match = paintOfHex(this.style.match);
    this.redraw();
  }

  show(tree, inverted) {
    this.tree = tree;
    this.inverted = inverted;
    this.search = null;
    this.colors = [];
    this.hovered = this.selected = -1;
    this.zoomed = 0;
    [this.from, this.to] = [0, tree.total[0]];
    this.resize();
    this.scroller.scrollTop = inverted ? 0 : this.scroller.scrollHeight;
  }

  resize() {
    const ratio = (this.ratio = devicePixelRatio || 1);
    this.width = this.scroller.clientWidth;
    this.height = this.scroller.clientHeight;
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.canvas.style.height = `${this.height}px`;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.context.font = kFont;
    this.charWidth = this.context.measureText("0").width;
    const rows = this.tree ? this.tree.depth * kRow : 0;
    this.contentHeight = Math.max(this.height, rows);
    this.space.style.height = `${this.contentHeight}px`;
    this.draw();
  }

  redraw() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.draw();
    });
  }

  // The top of a level's row on the canvas.
  rowTop(level) {
    const y = this.inverted ? level * kRow : this.contentHeight - (level + 1) * kRow;
    return y - this.scroller.scrollTop;
  }

  levelAt(y) {
    const page = y + this.scroller.scrollTop;
    return Math.floor((this.inverted ? page : this.contentHeight - page) / kRow);
  }

  draw() {
    const { context, tree } = this;
    context.fillStyle = this.style.paper;
    context.fillRect(0, 0, this.width, this.height);
    if (!tree) return;
    context.font = kFont;
    context.textBaseline = "middle";
    const ends = [this.levelAt(0), this.levelAt(this.height)];
    const first = Math.max(0, Math.min(...ends));
    const last = Math.min(tree.depth - 1, Math.max(...ends));
    this.strip.begin(this.canvas.width, Math.max(1, last - first + 1));
    for (let level = first; level <= last; ++level) this.drawLevel(level, level - first);
    this.strip.finish(context, this.width, kRow - 1, (row) => this.rowTop(first + row));
    this.outline(this.selected, this.style.accent, 2);
    this.outline(this.hovered, this.style.ink, 1);
  }

  drawLevel(level, row) {
    const { tree } = this;
    const scale = this.width / (this.to - this.from);
    const pixelScale = scale * this.ratio;
    const y = this.rowTop(level);
    const end = tree.levels[level + 1];
    for (let node = tree.firstEndingAfter(level, this.from); node < end; ) {
      const left = (tree.start[node] - this.from) * scale;
      if (left >= this.width) break;
      const width = tree.total[node] * scale;
      if (width >= kNarrow) {
        this.drawFrame(node, left, width, y);
        ++node;
      } else if (width * this.ratio >= 1) {
        this.drawNarrow(node, row, left * this.ratio, width * this.ratio);
        ++node;
      } else {
        // Everything that ends within this pixel becomes one sliver.
        const pixel = Math.floor(left * this.ratio);
        const next = Math.max(node + 1, tree.firstEndingAfter(level, this.from + (pixel + 1) / pixelScale, node));
        const covered = (tree.start[next - 1] + tree.total[next - 1] - tree.start[node]) * pixelScale;
        this.drawSliver(node, next, row, pixel, Math.min(1, Math.max(0.15, covered)));
        node = next;
      }
    }
  }

  fillOf(node) {
    const label = this.tree.label[node];
    const { kind, text } = this.tree.labels;
    this.colors[label] ??= paint(frameColor(this.ranges, kind[label], text[label], this.dark.matches));
    return this.colors[label];
  }

  opacityOf(node, matches) {
    if (this.search && !matches) return 0.3;
    return node !== 0 && this.isAbove(node) ? 0.55 : 1;
  }

  drawFrame(node, left, width, y) {
    const { context } = this;
    const matches = this.search?.any(node, node + 1);
    const x = Math.max(left, 0);
    const right = Math.min(left + width, this.width);
    context.globalAlpha = this.opacityOf(node, matches);
    context.fillStyle = matches ? this.style.match.css : this.fillOf(node).css;
    context.fillRect(x, y, right - x - 1, kRow - 1);
    context.globalAlpha = 1;
    const room = right - x - 2 * kPad;
    if (room < 2 * this.charWidth) return;
    const dim = this.search && !matches;
    context.fillStyle = matches ? this.style["match-ink"] : dim ? this.style.ink : this.style["frame-ink"];
    context.globalAlpha = dim ? 0.75 : 1;
    context.fillText(this.fit(this.tree.text(node), room), x + kPad, y + kRow / 2);
    context.globalAlpha = 1;
  }

  drawNarrow(node, row, left, width) {
    const matches = this.search?.any(node, node + 1);
    const color = matches ? this.style.match : this.fillOf(node);
    const gap = width > 3 ? 1 : 0;
    const from = Math.round(left);
    const to = Math.max(from + 1, Math.round(left + width) - gap);
    this.strip.fill(row, from, to, color.pixel, this.opacityOf(node, matches));
  }

  drawSliver(from, to, row, pixel, opacity) {
    const matches = this.search?.any(from, to);
    const color = matches ? this.style.match : this.fillOf(from);
    this.strip.fill(row, pixel, pixel + 1, color.pixel, matches ? 1 : opacity * this.opacityOf(from, false));
  }

  // Ancestors of what is zoomed to are drawn paler: only a part of each is in view.
  isAbove(node) {
    return node < this.zoomed && this.tree.total[node] > this.tree.total[this.zoomed];
  }

  // As much of a text as fits, with an ellipsis. ASCII takes its known width; the rest is measured.
  fit(text, room) {
    const fits = Math.floor(room / this.charWidth);
    const start = text.slice(0, fits + 1);
    if (/^[\x20-\x7e]*$/.test(start)) return text.length <= fits ? text : `${text.slice(0, fits - 1)}…`;
    const letters = Array.from(start);
    if (letters.length === text.length && this.context.measureText(text).width <= room) return text;
    while (letters.length > 0 && this.context.measureText(`${letters.join("")}…`).width > room) letters.pop();
    return `${letters.join("")}…`;
  }

  outline(node, color, thickness) {
    if (node < 0) return;
    const scale = this.width / (this.to - this.from);
    const left = Math.max(0, (this.tree.start[node] - this.from) * scale);
    const right = Math.min(this.width, (this.tree.start[node] + this.tree.total[node] - this.from) * scale);
    if (right < 0 || left > this.width) return;
    this.context.strokeStyle = color;
    this.context.lineWidth = thickness;
    const inset = thickness / 2;
    const y = this.rowTop(this.tree.levelOf(node));
    this.context.strokeRect(left + inset, y + inset, Math.max(right - left - thickness, 1), kRow - 1 - thickness);
  }

  // The node at a point of the canvas; -1 for none.
  nodeAt(x, y) {
    const level = this.levelAt(y);
    if (!this.tree || level < 0 || level >= this.tree.depth) return -1;
    const position = this.from + (x / this.width) * (this.to - this.from);
    const node = this.tree.firstEndingAfter(level, position);
    return node < this.tree.levels[level + 1] && this.tree.start[node] <= position ? node : -1;
  }

  zoomTo(node, animate = true) {
    this.zoomed = node;
    this.viewPart(this.tree.start[node], this.tree.start[node] + this.tree.total[node], animate);
    this.bringIntoView(node);
  }

  // Shows the given part of the tree's width.
  viewPart(from, to, animate = false) {
    const whole = this.tree.total[0];
    const smallest = Math.min(whole, Math.max(whole * 1e-9, 1e-9));
    const size = Math.min(whole, Math.max(smallest, to - from));
    const start = Math.max(0, Math.min(from, whole - size));
    cancelAnimationFrame(this.animation);
    if (!animate || this.still.matches) {
      [this.from, this.to] = [start, start + size];
      this.redraw();
      return;
    }
    const begin = performance.now();
    const [oldFrom, oldTo] = [this.from, this.to];
    const step = (now) => {
      const t = Math.min(1, Math.max(0, (now - begin) / kZoomMs));
      const eased = t * (2 - t);
      this.from = oldFrom + (start - oldFrom) * eased;
      this.to = oldTo + (start + size - oldTo) * eased;
      this.draw();
      if (t < 1) this.animation = requestAnimationFrame(step);
    };
    this.animation = requestAnimationFrame(step);
  }

  // Scrolls no further than needed.
  bringIntoView(node) {
    const top = this.rowTop(this.tree.levelOf(node));
    if (top < 0) this.scroller.scrollTop += top;
    if (top + kRow > this.height) this.scroller.scrollTop += top + kRow - this.height;
    this.redraw();
  }

  // Ctrl and the wheel: closer to or further from the point under the mouse.
  zoomAround(x, factor) {
    const position = this.from + (x / this.width) * (this.to - this.from);
    this.viewPart(position - (position - this.from) * factor, position + (this.to - position) * factor);
  }

  pan(pixels) {
    const shift = (pixels / this.width) * (this.to - this.from);
    this.viewPart(this.from + shift, this.to + shift);
  }
}
