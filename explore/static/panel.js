// A picture of counts by one or two axes, or of the sky, with a brush. Steps are whole numbers from 0, as in explore.stars.
import { MosaicClient, Query, clauseInterval, clauseIntervals, count } from "./mosaic.js";

const INK = "#1d2433", SOFT = "#5d6679", LINE = "#dfe3ea";
const MARGIN = { left: 44, right: 8, top: 6, bottom: 34 };
/** From few to many stars: pale gold, orange, crimson, near black. */
const RAMP = [[254, 224, 144], [253, 174, 97], [244, 109, 67], [203, 24, 61], [103, 0, 50]];

export class Panel extends MosaicClient {
  /** @param about title, x and y (names of axes), reverse, sky, wide; @param page axes, steps, table(), selection. */
  constructor(about, page) {
    super(page.selection);
    Object.assign(this, { about, page, cells: [], base: [], brush: null });
    this.axes = [about.x, about.y].filter(Boolean).map((name) => page.axes.get(name));
    this.reversed = [about.reverse?.includes("x") ?? false, about.reverse?.includes("y") ?? false];
    this.element = this.built();
    this.element.plot = this;
    new ResizeObserver(() => this.draw()).observe(this.plot);
  }

  get keys() {
    return this.about.sky ? { p: "healpix" } : this.about.y ? { p: this.about.x, q: this.about.y } : { p: this.about.x };
  }

  query(filter = []) {
    return Query.from(this.page.table()).select({ ...this.keys, n: count() }).groupby(Object.keys(this.keys)).where(filter);
  }

  queryResult(data) {
    this.cells = cellsOf(data, this.about);
    if (this.page.isWhole()) this.base = this.cells;
    this.draw();
    this.page.drawn(this);
    return this;
  }

  /** What stands pale behind; where nothing is selected, the answer to the query is that too. */
  async loadBase() {
    if (this.page.isWhole()) return;
    this.base = cellsOf(await this.coordinator.query(this.query()), this.about);
    this.draw();
  }

  built() {
    const panel = element("section", { className: `panel${this.about.wide ? " wide" : ""}` });
    const title = element("h3", { textContent: this.about.title, id: `title-${this.about.id}` });
    this.clearing = element("button", { type: "button", textContent: "clear", hidden: true });
    this.clearing.setAttribute("aria-label", `Clear the selection in ${this.about.title}`);
    this.clearing.addEventListener("click", () => { this.select(null); this.plot.focus(); });
    const head = element("header");
    head.append(title, this.clearing);
    this.plot = element("div", { className: `plot${this.about.sky ? " sky" : ""}`, tabIndex: 0 });
    this.plot.setAttribute("role", "application");
    this.plot.setAttribute("aria-labelledby", title.id);
    this.plot.setAttribute("aria-describedby", `said-${this.about.id} keys`);
    this.canvas = element("canvas");
    this.box = element("div", { className: "brush", hidden: true });
    this.plot.append(this.canvas, this.box);
    this.said = element("p", { className: "said", id: `said-${this.about.id}`, textContent: " " });
    panel.append(head, this.plot, this.said);
    this.plot.addEventListener("pointerdown", (event) => this.grab(event));
    this.plot.addEventListener("keydown", (event) => this.key(event));
    this.plot.addEventListener("pointerenter", () => { this.waiting = setTimeout(() => this.prepareBrush(), 200); });
    this.plot.addEventListener("pointerleave", () => clearTimeout(this.waiting));
    this.plot.addEventListener("focus", () => this.prepareBrush());
    return panel;
  }

  // Where things are

  get area() {
    const { clientWidth: width, clientHeight: height } = this.plot;
    const m = this.about.sky ? { left: 4, right: 4, top: (height - width / 2) / 2 + 4, bottom: (height - width / 2) / 2 + 4 } : MARGIN;
    return { width, height, left: m.left, top: m.top, right: width - m.right, bottom: height - m.bottom };
  }

  /** The place in pixels of an edge of a step. */
  place(which, edge) {
    const { left, right, top, bottom } = this.area, share = edge / this.page.steps;
    const along = this.reversed[which] ? 1 - share : share;
    return which === 0 ? left + along * (right - left) : bottom - along * (bottom - top);
  }

  /** The step at a place in pixels. */
  step(which, pixel) {
    const { left, right, top, bottom } = this.area;
    const along = which === 0 ? (pixel - left) / (right - left) : (bottom - pixel) / (bottom - top);
    const share = this.reversed[which] ? 1 - along : along;
    return Math.max(0, Math.min(this.page.steps - 1, Math.floor(share * this.page.steps)));
  }

  value(which, edge) {
    const { low, high } = this.axes[which];
    return low + (edge / this.page.steps) * (high - low);
  }

  // The brush

  clause(brush) {
    const scale = { type: "identity", domain: [0, this.page.steps - 1], range: [0, this.page.steps - 1] };
    return this.about.y
      ? clauseIntervals([this.about.x, this.about.y], brush, { source: this, scales: [scale, scale] })
      : clauseInterval(this.about.x, brush && brush[0], { source: this, scale });
  }

  prepareBrush() {
    this.page.selection.activate(this.clause(this.brush ?? this.axes.map(() => [0, this.page.steps - 1])));
  }

  select(brush) {
    this.brush = brush;
    this.clearing.hidden = !brush;
    this.showBrush();
    this.page.brushed(this);
    this.page.selection.update(this.clause(brush));
  }

  showBrush() {
    const { brush, about } = this;
    this.box.hidden = !brush;
    if (!brush) { this.said.textContent = " "; return; }
    const edges = brush.map(([low, high], i) => [this.place(i, low), this.place(i, high + 1)].sort((a, b) => a - b));
    const { top, bottom } = this.area, [x, y = [top, bottom]] = edges;
    Object.assign(this.box.style, { left: `${x[0]}px`, width: `${x[1] - x[0]}px`, top: `${y[0]}px`, height: `${y[1] - y[0]}px` });
    if (about.sky) { this.said.textContent = "a part of the sky"; return; }
    const texts = brush.map(([low, high], i) => {
      const unit = shown(this.axes[i].unit);
      const said = `${number(this.value(i, low))} to ${number(this.value(i, high + 1))}${unit ? ` ${unit}` : ""}`;
      return `${this.about.labels[i]} ${said}`;
    });
    this.said.textContent = texts.join(", ");
  }

  grab(event) {
    if (event.button) return;
    const bounds = this.plot.getBoundingClientRect();
    const steps = (e) => [e.clientX - bounds.left, e.clientY - bounds.top].slice(0, this.axes.length).map((p, i) => this.step(i, p));
    const start = steps(event), before = event.target === this.box ? this.brush : null;
    let moved = false;
    this.plot.setPointerCapture(event.pointerId);
    const move = (e) => {
      const now = steps(e);
      moved ||= now.some((s, i) => s !== start[i]);
      if (moved) this.select(before ? this.shifted(before, now.map((s, i) => s - start[i])) : start.map((s, i) => [s, now[i]].sort((a, b) => a - b)));
    };
    const end = () => {
      this.plot.removeEventListener("pointermove", move);
      if (!moved && !before) this.select(null);
    };
    this.plot.addEventListener("pointermove", move);
    this.plot.addEventListener("pointerup", end, { once: true });
    this.plot.addEventListener("pointercancel", end, { once: true });
    this.plot.focus();
    event.preventDefault();
  }

  shifted(brush, by) {
    return brush.map(([low, high], i) => {
      const d = Math.max(-low, Math.min(this.page.steps - 1 - high, by[i]));
      return [low + d, high + d];
    });
  }

  key(event) {
    const { steps } = this.page, arrows = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [1, 1], ArrowDown: [1, -1] };
    if (event.key === "Enter" || event.key === " ") {
      if (!this.brush) this.select(this.axes.map(() => [Math.floor(steps * 0.375), Math.floor(steps * 0.625)]));
    } else if (event.key === "Escape" || event.key === "Delete") {
      this.select(null);
    } else if (arrows[event.key] && this.brush) {
      const [which, sign] = arrows[event.key];
      if (which >= this.axes.length) return;
      const by = this.reversed[which] ? -sign : sign;
      const shift = this.axes.map((_, i) => (i === which ? by : 0));
      this.select(event.shiftKey ? this.resized(which, sign, by) : this.shifted(this.brush, shift));
    } else return;
    event.preventDefault();
  }

  resized(which, sign, by) {
    const brush = this.brush.map((edges) => [...edges]), end = by === sign ? 1 : 0;
    const next = brush[which][end] + by;
    if (next >= 0 && next < this.page.steps && (end ? next >= brush[which][0] : next <= brush[which][1])) brush[which][end] = next;
    return brush;
  }

  // Drawing

  draw() {
    const area = this.area, ratio = window.devicePixelRatio || 1;
    if (!area.width) return;
    this.canvas.width = area.width * ratio;
    this.canvas.height = area.height * ratio;
    const pen = this.canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (this.about.sky) this.drawSky(pen);
    else {
      this.drawFrame(pen);
      this.about.y ? this.drawCells(pen) : this.drawBars(pen);
    }
    this.showBrush();
  }

  drawCells(pen) {
    const size = (p, q) => {
      const x = [this.place(0, p), this.place(0, p + 1)], y = [this.place(1, q), this.place(1, q + 1)];
      return [Math.min(...x), Math.min(...y), Math.abs(x[1] - x[0]) + 0.4, Math.abs(y[1] - y[0]) + 0.4];
    };
    const most = largest(this.base);
    for (const { p, q, n } of this.base) { pen.fillStyle = pale(n, most); pen.fillRect(...size(p, q)); }
    const top = largest(this.cells);
    for (const { p, q, n } of this.cells) { pen.fillStyle = colour(n, top); pen.fillRect(...size(p, q)); }
  }

  drawBars(pen) {
    const { bottom, top } = this.area, most = largest(this.base) || 1;
    const bars = (cells, fill) => {
      pen.fillStyle = fill;
      for (const { p, n } of cells) {
        const x = [this.place(0, p), this.place(0, p + 1)].sort((a, b) => a - b), h = (n / most) * (bottom - top);
        pen.fillRect(x[0], bottom - h, Math.max(x[1] - x[0] - 0.6, 1), h);
      }
    };
    bars(this.base, "#e3e6ec");
    bars(this.cells, "#d9542b");
    pen.fillStyle = SOFT; pen.font = FONT; pen.textAlign = "right"; pen.textBaseline = "top";
    pen.fillText(most.toLocaleString("en"), this.area.left - 5, top);
    pen.textBaseline = "alphabetic"; pen.fillText("0", this.area.left - 5, bottom);
  }

  drawFrame(pen) {
    const { left, right, top, bottom } = this.area;
    pen.font = FONT; pen.fillStyle = SOFT; pen.strokeStyle = LINE; pen.lineWidth = 1;
    pen.strokeRect(left + 0.5, top + 0.5, right - left - 1, bottom - top - 1);
    this.axes.forEach(({ low, high, unit }, i) => {
      for (const tick of ticks(low, high, i ? 5 : Math.max(3, Math.round((right - left) / 70)))) {
        const at = this.place(i, ((tick - low) / (high - low)) * this.page.steps);
        pen.beginPath();
        if (i === 0) { pen.moveTo(at, bottom); pen.lineTo(at, bottom + 4); pen.textAlign = "center"; pen.textBaseline = "top"; pen.fillText(number(tick), at, bottom + 5); }
        else { pen.moveTo(left - 4, at); pen.lineTo(left, at); pen.textAlign = "right"; pen.textBaseline = "middle"; pen.fillText(number(tick), left - 6, at); }
        pen.stroke();
      }
      const label = this.about.labels[i] + (unit ? ` [${shown(unit)}]` : "");
      pen.fillStyle = INK;
      if (i === 0) { pen.textAlign = "center"; pen.textBaseline = "bottom"; pen.fillText(label, (left + right) / 2, this.area.height - 1); }
      else {
        pen.save(); pen.translate(9, (top + bottom) / 2); pen.rotate(-Math.PI / 2); pen.textAlign = "center"; pen.textBaseline = "middle"; pen.fillText(label, 0, 0); pen.restore();
      }
      pen.fillStyle = SOFT;
    });
  }

  drawSky(pen) {
    const [x, y] = this.axes, { left, right, top, bottom } = this.area;
    const at = (a, b) => [left + ((a - x.low) / (x.high - x.low)) * (right - left), bottom - ((b - y.low) / (y.high - y.low)) * (bottom - top)];
    const path = (line) => {
      pen.beginPath();
      for (let i = 0; i < line.length; i += 2) pen[i ? "lineTo" : "moveTo"](...at(line[i], line[i + 1]));
    };
    const fill = (cells, shade) => {
      const most = largest(cells);
      for (const { p, n } of cells) { path(this.page.pixels[p]); pen.closePath(); pen.fillStyle = pen.strokeStyle = shade(n, most); pen.lineWidth = 0.5; pen.fill(); pen.stroke(); }
    };
    pen.beginPath();
    pen.ellipse((left + right) / 2, (top + bottom) / 2, ((right - left) / 2) * (2.8284 / x.high), ((bottom - top) / 2) * (1.4142 / y.high), 0, 0, 2 * Math.PI);
    pen.fillStyle = "#f7f8fb"; pen.fill(); pen.strokeStyle = "#c3c9d4"; pen.lineWidth = 1; pen.stroke();
    fill(this.base, pale);
    fill(this.cells, colour);
    pen.strokeStyle = "rgb(29 36 51 / .16)"; pen.lineWidth = 0.7;
    for (const line of this.page.graticule) { path(line); pen.stroke(); }
    pen.fillStyle = SOFT; pen.font = FONT; pen.textAlign = "center"; pen.textBaseline = "middle";
    for (const [said, a, b] of [["l = 0°", 0, 1.3], ["b = 30°", 1.9, 0.8], ["b = −30°", 1.9, -0.8]]) {
      const [px, py] = at(a, b); halo(pen, said, px, py);
    }
  }
}

const FONT = "11px system-ui, sans-serif";

function halo(pen, text, x, y) {
  pen.strokeStyle = "rgb(255 255 255 / .8)"; pen.lineWidth = 3; pen.strokeText(text, x, y); pen.fillText(text, x, y);
}

function cellsOf(data, about) {
  const p = data.getChild("p").toArray(), n = data.getChild("n").toArray(), q = about.y && !about.sky ? data.getChild("q").toArray() : null;
  const cells = [];
  for (let i = 0; i < p.length; i++) if (p[i] != null && (!q || q[i] != null)) cells.push({ p: Number(p[i]), q: q ? Number(q[i]) : 0, n: Number(n[i]) });
  return cells;
}

function largest(cells) { return cells.reduce((most, { n }) => Math.max(most, n), 0); }

function share(n, most) { return most > 1 ? Math.log(n) / Math.log(most) : 0.6; }

function colour(n, most) {
  const at = Math.max(0, Math.min(1, share(n, most))) * (RAMP.length - 1), i = Math.min(Math.floor(at), RAMP.length - 2), f = at - i;
  return `rgb(${RAMP[i].map((c, k) => Math.round(c + f * (RAMP[i + 1][k] - c))).join(" ")})`;
}

function pale(n, most) {
  const v = Math.round(240 - 26 * share(n, most));
  return `rgb(${v} ${v + 2} ${v + 6})`;
}

export function ticks(low, high, wanted) {
  const rough = (high - low) / wanted, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= rough);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high * (1 + 1e-9) + 1e-9; k++) found.push(k * step);
  return found;
}

export function number(value) {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return String(Number(value.toFixed(digits))).replace("-", "−");
}

/** A unit as people write it. */
export function shown(unit) { return unit.replace("uHz", "µHz"); }

export function element(name, properties = {}) { return Object.assign(document.createElement(name), properties); }
