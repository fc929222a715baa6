import { Chart } from "./chart.js";
import { describe, fillTip, placeTip } from "./details.js";
import { factsOf, fillFacts, fillLegend } from "./facts.js";
import { shareText, weightText } from "./format.js";
import { readProfile } from "./profile.js";
import { Search } from "./search.js";
import { kSwitches, onValue, readState, writeState } from "./state.js";
import { Tree } from "./tree.js";

const kSwitchText = {
  processes: ["Processes", "A frame for each process"],
  threads: ["Threads", "A frame for each thread"],
  reasons: ["Reasons", "A frame for what threads were doing"],
  lines: ["Lines", "Frames by line instead of by function"],
  reverse: ["Callers", "From the functions that used the time to their callers"],
  inverted: ["Icicle", "Roots at the top"],
};
const kNothing = {
  cpu: "No CPU time was recorded: the target used none while it was watched. Waiting shows with -e wall.",
  wall: "No time was recorded: no thread was seen.",
  alloc: "No allocation was recorded.",
  lock: "No contention was recorded.",
  offcpu: "No wait was recorded.",
};
const kHelp =
  "Click a frame to zoom, Esc to show all, / to search, arrow keys to walk, Ctrl + wheel to zoom freely";

class Page {
  constructor() {
    const names = "title facts event-field event switches query share reset zoomed chart space canvas empty details legend tip";
    this.at = Object.fromEntries(names.split(" ").map((id) => [id, document.getElementById(id)]));
    this.profile = readProfile(document.getElementById("data").textContent);
    this.state = readState(this.profile);
    this.chart = new Chart(this.at.chart, this.at.space, this.at.canvas, this.profile.palette);
    this.at.title.textContent = this.profile.title;
    this.fillEvents();
    this.fillSwitches();
    this.listen();
    this.rebuild(this.state.zoom);
  }

  get event() {
    return this.profile.events[this.state.event];
  }

  fillEvents() {
    const { events } = this.profile;
    this.at["event-field"].hidden = events.length < 2;
    this.at.event.replaceChildren(...events.map((event, index) => new Option(event.name, index)));
    this.at.event.value = this.state.event;
  }

  // Only the switches that would change something.
  isUseful(name) {
    const { profile } = this;
    if (name === "processes") return new Set(profile.threads.process).size > 1;
    if (name === "threads") return profile.threads.thread.length > 1;
    if (name === "reasons") return this.event.reason.some((reason) => reason !== 0);
    if (name === "lines") return profile.frames.line.some((line) => line > 0);
    return true;
  }

  fillSwitches() {
    this.switches = new Map();
    for (const name of kSwitches) {
      const button = document.createElement("button");
      button.type = "button";
      [button.textContent, button.title] = kSwitchText[name];
      button.addEventListener("click", () => {
        this.state[name] = this.state[name] ? false : onValue(this.profile, name);
        this.rebuild(name === "inverted" ? this.state.zoom : []);
      });
      this.switches.set(name, button);
    }
    this.at.switches.replaceChildren(...this.switches.values());
  }

  // A new tree for the event and the switches, zoomed to where the texts lead.
  rebuild(zoom) {
    const { chart, state } = this;
    for (const [name, button] of this.switches) {
      button.setAttribute("aria-pressed", Boolean(state[name]));
      button.hidden = !this.isUseful(name);
    }
    this.tree = new Tree(this.profile, this.event, state);
    fillFacts(this.at.facts, factsOf(this.profile, this.event, this.tree));
    fillLegend(this.at.legend, this.profile.palette, this.tree.labels.kind);
    const isEmpty = !(this.tree.total[0] > 0);
    this.at.empty.hidden = !isEmpty;
    this.at.empty.textContent = kNothing[this.event.name];
    this.at.space.hidden = isEmpty;
    if (!isEmpty) {
      chart.show(this.tree, state.inverted);
      this.zoom(this.tree.findByTexts(zoom), false);
    }
    this.at.query.value = state.find;
    this.find(state.find);
    document.documentElement.dataset.frames = this.tree.size - 1;
    document.documentElement.dataset.total = this.tree.total[0];
  }

  zoom(node, animate = true) {
    const { chart, tree } = this;
    chart.zoomTo(node, animate);
    this.state.zoom = tree.textsTo(node);
    this.at.reset.disabled = node === 0;
    this.at.zoomed.textContent = node === 0 ? "" : describe(this.event, tree, node);
    this.at.canvas.setAttribute("aria-label", `Flame graph of ${tree.size - 1} frames, zoomed to ${tree.text(node)}`);
    this.showShare();
    this.tell(-1);
    this.leave();
    writeState(this.profile, this.state);
  }

  find(query) {
    this.state.find = query;
    this.chart.search = query && this.tree.total[0] > 0 ? new Search(this.tree, query) : null;
    this.showShare();
    this.chart.redraw();
    writeState(this.profile, this.state);
  }

  showShare() {
    const { search } = this.chart;
    const { share, query } = this.at;
    share.classList.toggle("warn", Boolean(search?.literal));
    query.setAttribute("aria-invalid", Boolean(search?.literal));
    delete document.documentElement.dataset.share;
    if (!search) {
      share.textContent = "";
      return;
    }
    const all = this.tree.total[0];
    document.documentElement.dataset.share = ((100 * search.weight) / all).toFixed(4);
    let text = `${shareText(search.weight, all)} matched, ${weightText(search.weight, this.event.unit)}`;
    const { zoomed } = this.chart;
    if (zoomed !== 0) {
      const start = this.tree.start[zoomed];
      const within = search.weightWithin(this.tree, start, start + this.tree.total[zoomed]);
      text += `; ${shareText(within, this.tree.total[zoomed])} of what is zoomed to`;
    }
    share.textContent = search.literal ? `${text} (not a valid expression: searched as plain text)` : text;
  }

  // The line at the foot, about a node or how to use the page.
  tell(node) {
    this.at.details.textContent = node >= 0 ? describe(this.event, this.tree, node) : kHelp;
  }

  hover(event) {
    const box = this.at.canvas.getBoundingClientRect();
    const node = this.chart.nodeAt(event.clientX - box.left, event.clientY - box.top);
    if (node !== this.chart.hovered) {
      this.chart.hovered = node;
      this.chart.redraw();
      if (node >= 0) fillTip(this.at.tip, this.profile, this.event, this.tree, node);
    }
    this.at.canvas.style.cursor = node >= 0 ? "pointer" : "default";
    if (node >= 0) placeTip(this.at.tip, event.clientX, event.clientY);
    else this.at.tip.hidden = true;
  }

  leave() {
    this.chart.hovered = -1;
    this.chart.redraw();
    this.at.tip.hidden = true;
  }

  click(event) {
    const box = this.at.canvas.getBoundingClientRect();
    const node = this.chart.nodeAt(event.clientX - box.left, event.clientY - box.top);
    if (node >= 0) this.zoom(node);
  }

  wheel(event) {
    if (!event.ctrlKey && !event.shiftKey && Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return;
    event.preventDefault();
    const box = this.at.canvas.getBoundingClientRect();
    if (event.ctrlKey) this.chart.zoomAround(event.clientX - box.left, Math.exp(event.deltaY * 0.002));
    else this.chart.pan(event.deltaX || event.deltaY);
    this.at.reset.disabled = false;
  }

  // Arrow keys: to the caller, to the heaviest callee, to the neighbours of the same level.
  walk(key) {
    const { chart, tree } = this;
    const from = chart.selected >= 0 ? chart.selected : chart.zoomed;
    const level = tree.levelOf(from);
    const outward = this.state.inverted ? "ArrowDown" : "ArrowUp";
    let to = from;
    if (key === "ArrowLeft") to = Math.max(tree.levels[level], from - 1);
    else if (key === "ArrowRight") to = Math.min(tree.levels[level + 1] - 1, from + 1);
    else if (key === outward) to = this.heaviestChild(from);
    else to = Math.max(0, tree.parent[from]);
    chart.selected = to;
    chart.bringIntoView(to);
    this.tell(to);
  }

  heaviestChild(node) {
    let best = node;
    for (let child = this.tree.firstChild[node]; child < this.tree.firstChild[node + 1]; ++child) {
      if (best === node || this.tree.total[child] > this.tree.total[best]) best = child;
    }
    return best;
  }

  canvasKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.startsWith("Arrow")) this.walk(event.key);
    else if (event.key === "Enter" && this.chart.selected >= 0) this.zoom(this.chart.selected);
    else return;
    event.preventDefault();
  }

  anyKey(event) {
    const typing = event.target === this.at.query;
    const find = (event.key === "f" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !typing);
    if (find && !typing) {
      event.preventDefault();
      this.at.query.focus();
      this.at.query.select();
    } else if (event.key === "Escape") {
      if (typing && this.at.query.value) this.at.query.value = "";
      else this.zoom(0);
      this.find(this.at.query.value);
    }
  }

  listen() {
    const { canvas, event, query, reset } = this.at;
    canvas.addEventListener("mousemove", (e) => this.hover(e));
    canvas.addEventListener("mouseleave", () => this.leave());
    canvas.addEventListener("click", (e) => this.click(e));
    canvas.addEventListener("keydown", (e) => this.canvasKey(e));
    this.at.chart.addEventListener("scroll", () => this.leave());
    this.at.chart.addEventListener("wheel", (e) => this.wheel(e), { passive: false });
    document.addEventListener("keydown", (e) => this.anyKey(e));
    document.getElementById("tools").addEventListener("submit", (e) => e.preventDefault());
    query.addEventListener("input", () => this.find(query.value));
    reset.addEventListener("click", () => this.zoom(0));
    event.addEventListener("change", () => {
      this.state.event = Number(event.value);
      this.rebuild([]);
    });
    addEventListener("hashchange", () => {
      this.state = readState(this.profile);
      event.value = this.state.event;
      this.rebuild(this.state.zoom);
    });
  }
}

new Page();
