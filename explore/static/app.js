// The page of `candlesql explore`: pictures that filter each other, cuts that move, and what the cuts give.
import { Coordinator, MosaicClient, Query, Selection, count, sql } from "./mosaic.js";
import { Panel, element, shown, ticks } from "./panel.js";

const PANELS = [
  { id: "sky", title: "Sky, Galactic, equal-area", x: "sky_x", y: "sky_y", sky: true, wide: true, labels: ["", ""] },
  { id: "kiel", title: "Kiel diagram", x: "teff_k", y: "logg", reverse: "xy", labels: ["Teff", "log g"] },
  { id: "colour", title: "Colour and magnitude", x: "j_ks", y: "ks_m", reverse: "y", labels: ["J − Ks", "Ks"] },
  { id: "seismic", title: "ΔP against Δν", x: "delta_nu_uhz", y: "delta_p_s", labels: ["Δν", "ΔP"] },
  { id: "p_rc", title: "Probability of red clump", x: "p_rc", labels: ["P(RC)"] },
  { id: "distance", title: "Distance", x: "distance_kpc", labels: ["distance"] },
  { id: "xy", title: "From above: X and Y", x: "x_kpc", y: "y_kpc", labels: ["X", "Y"] },
  { id: "xz", title: "From the side: X and Z", x: "x_kpc", y: "z_kpc", labels: ["X", "Z"] },
];
const $ = (id) => document.getElementById(id);
const page = { steps: 64, axes: new Map(), cuts: {}, panels: [], selection: Selection.crossfilter(), table: () => page.stars, isWhole, brushed, drawn };
const tierSource = {};
let coordinator, tally, asked = 0;

/** Ask the server; what it refuses is an Error, and that it has gone is told on the page. */
async function ask(what, question) {
  let answer;
  try {
    answer = await fetch(what, question && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(question) });
  } catch (error) {
    tell("The server has ended: what you see stays, but nothing moves any more. Start it again with “candlesql explore”.");
    throw error;
  }
  if (!answer.ok) {
    const said = await answer.text();
    let error = said;
    try { error = JSON.parse(said).error; } catch { /* said as text */ }
    throw new Error(error);
  }
  return answer;
}

function tell(said) {
  $("alert").hidden = !said;
  $("alert").textContent = said;
}

const connector = {
  async query({ type, sql: text }) {
    try {
      const answer = await ask("query", { type, sql: text });
      return type === "exec" ? undefined : await answer.arrayBuffer();
    } catch (error) {
      // Other tabs have cuts of their own, and the server keeps the tables used last: let it make these again.
      if (/(stars|preagg)_\w+.* does not exist/.test(error.message)) moveSoon();
      throw error;
    }
  },
};

/** How many stars every brush together selects, of each tier. */
class Tally extends MosaicClient {
  query(filter = []) { return Query.from(page.stars).select({ tier: "tier", n: count() }).groupby("tier").where(filter); }
  queryResult(data) {
    const tiers = [...data.getChild("tier").toArray()].map(Number), n = [...data.getChild("n").toArray()].map(Number);
    const of = (least) => n.reduce((sum, m, i) => sum + (tiers[i] <= least ? m : 0), 0);
    page.selected = of(3);
    const all = page.all ??= page.selected;
    $("selected").innerHTML = "";
    $("selected").append(element("b", { textContent: count3(page.selected) }), ` of ${count3(all)} giants selected; ${count3(of(2))} in tier 2, ${count3(of(1))} of them in tier 1`);
    $("selected").dataset.n = page.selected;
    return this;
  }
}

function count3(n) { return n.toLocaleString("en"); }

async function start() {
  try {
    const about = await (await ask("session")).json();
    $("name").textContent = about.name;
    document.title = `${about.name}: candlesql explore`;
    about.axes.forEach((axis) => page.axes.set(axis.name, axis));
    Object.assign(page, { pixels: about.pixels, graticule: about.graticule, sliders: about.sliders });
    showCuts();
    await moveCuts();
    page.panels = PANELS.map((panel) => new Panel(panel, page));
    $("panels").append(...page.panels.map((panel) => panel.element));
    coordinator = new Coordinator(connector, { logger: null, consolidate: false });
    tally = new Tally(page.selection);
    [tally, ...page.panels].forEach((client) => coordinator.connect(client));
    page.ready = true;
    askCurve();
  } catch (error) {
    if ($("alert").hidden) tell(error.message);
    throw error;
  }
}

// Cuts

function showCuts() {
  const groups = Map.groupBy ? Map.groupBy(page.sliders, (s) => s.group) : grouped(page.sliders);
  let open = true;
  for (const [group, sliders] of groups) {
    const details = element("details", { open });
    details.append(element("summary", { textContent: group }), ...sliders.map(cutElement));
    $("cuts").append(details);
    open = false;
  }
  $("reset").addEventListener("click", () => {
    page.cuts = {};
    for (const slider of page.sliders) slider.show(slider.value);
    moveCuts();
  });
}

function grouped(sliders) {
  const groups = new Map();
  for (const slider of sliders) groups.set(slider.group, [...(groups.get(slider.group) ?? []), slider]);
  return groups;
}

function cutElement(slider) {
  const row = element("div", { className: "cut" }), truth = slider.published === "true" || slider.published === "false";
  row.dataset.was = slider.value;
  row.title = `cuts.${slider.name}(): ${slider.source}; published ${slider.published}`;
  const id = `cut-${slider.name}`, label = element("label", { htmlFor: id, textContent: slider.label });
  if (slider.unit) label.append(" ", element("span", { textContent: `[${shown(slider.unit)}]` }));
  const moved = (value) => {
    if (value === slider.value) delete page.cuts[slider.name]; else page.cuts[slider.name] = value;
    row.classList.toggle("moved", slider.name in page.cuts);
  };
  if (truth) {
    const box = element("input", { type: "checkbox", id, checked: slider.value === "true" });
    slider.show = (value) => { box.checked = value === "true"; moved(value); };
    box.addEventListener("change", () => { moved(String(box.checked)); moveSoon(); });
    row.append(label, box);
    return row;
  }
  const bounds = { min: slider.low, max: slider.high, step: slider.step };
  const field = element("input", { type: "number", id, ...bounds, step: "any", value: slider.value });
  const range = element("input", { type: "range", ...bounds, value: slider.value });
  range.setAttribute("aria-label", `${slider.label}${slider.unit ? `, ${slider.unit}` : ""} (slider)`);
  slider.show = (value) => { field.value = range.value = value; moved(value); };
  range.addEventListener("input", () => { field.value = tidy(range.value, slider.step); moved(field.value); moveSoon(); });
  field.addEventListener("change", () => {
    if (!field.checkValidity() || field.value === "") { field.value = page.cuts[slider.name] ?? slider.value; return; }
    range.value = field.value; moved(field.value); moveSoon();
  });
  row.append(label, field, range);
  return row;
}

/** A slider's value without the noise of binary fractions. */
function tidy(value, step) {
  const digits = (String(step).split(".")[1] ?? "").length || (step < 1e-4 ? 6 : 0);
  return String(Number(Number(value).toFixed(digits)));
}

let waiting;
function moveSoon() {
  clearTimeout(waiting);
  waiting = setTimeout(moveCuts, 120);
}

/** Let the server make the stars by these cuts, then draw them and what they give. */
async function moveCuts() {
  const mine = ++asked;
  $("numbers").setAttribute("aria-busy", "true");
  let found;
  try {
    found = await (await ask("cuts", { cuts: page.cuts })).json();
    tell("");
  } catch (error) {
    if (!page.ready) throw error;
    if ($("alert").hidden) tell(error.message);
    return;
  }
  if (mine !== asked) return;
  page.stars = found.table;
  page.all = undefined;
  page.numbers = found.numbers;
  $("command").textContent = found.command;
  showNumbers(found.numbers);
  $("numbers").setAttribute("aria-busy", "false");
  document.body.dataset.table = found.table;
  if (!page.ready) return;
  drawCurve();
  coordinator.clear({ clients: false });
  coordinator.preaggregator.clear();
  const whole = await coordinator.query(Query.from(page.stars).select({ n: count() }));
  page.all = Number(whole.getChild("n").toArray()[0]);
  for (const client of [tally, ...page.panels]) client.requestQuery();
  page.panels.forEach((panel) => panel.loadBase());
  clearTimeout(page.curveLater);
  page.curveLater = setTimeout(askCurve, 700);
}

// What the cuts give

const percent = (share) => `${(100 * share).toFixed(1)} %`;

function showNumbers(rows) {
  const tiers = [1, 2].map((tier) => rows.find((row) => row.tier === tier) ?? { tier, n: 0 });
  const between = (low, high) => (low == null ? "" : `${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)} %`);
  const few = (row) => (row.n ? "too few labels" : "no stars");
  const lines = [
    ["stars", (row) => [count3(row.n ?? 0)]],
    ["contamination", (row) => (row.contamination == null ? null : [percent(row.contamination), between(row.contamination_low, row.contamination_high)])],
    ["completeness", (row) => (row.completeness == null ? null : [percent(row.completeness), between(row.completeness_low, row.completeness_high)])],
    ["base rate of labels", (row) => (row.base_rate == null ? null : [percent(row.base_rate)])],
    ["labelled stars in it", (row) => [count3(row.n_labelled ?? 0)]],
  ];
  $("numbers").querySelector("tbody").replaceChildren(...lines.map(([name, of], i) => {
    const line = element("tr"), head = element("th", { scope: "row", textContent: name });
    line.append(head, ...tiers.map((row) => {
      const said = of(row), cell = element("td");
      if (!said) { cell.className = "few"; cell.textContent = few(row); return cell; }
      cell.append(element(i ? "span" : "b", { textContent: said[0] }));
      if (said[1]) cell.append(element("small", { textContent: said[1] }));
      return cell;
    }));
    return line;
  }));
  const notes = new Set(tiers.map((row) => row.note).filter(Boolean));
  $("few").textContent = [...notes].join("; ");
}

async function askCurve() {
  const mine = asked;
  const { curve } = await (await ask("curve", { cuts: page.cuts })).json();
  if (mine !== asked) return;
  page.curve = curve;
  drawCurve();
}

function svg(name, attributes, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text != null) node.textContent = text;
  return node;
}

function drawCurve() {
  const figure = $("curve"), picture = figure.querySelector("svg"), caption = figure.querySelector("figcaption");
  const points = page.curve ?? [], w = 320, h = 190, box = { left: 36, right: 310, top: 8, bottom: 158 };
  const here = (page.numbers ?? []).filter((row) => row.completeness_labelled != null && row.contamination_labelled != null);
  picture.replaceChildren();
  figure.hidden = !points.length && !here.length;
  if (figure.hidden) { caption.textContent = ""; return; }
  const most = Math.min(1, Math.max(0.1, ...points.map((p) => p.contamination), ...here.map((p) => p.contamination_labelled)) * 1.15);
  const x = (share) => box.left + share * (box.right - box.left), y = (share) => box.bottom - (Math.min(share, most) / most) * (box.bottom - box.top);
  picture.setAttribute("viewBox", `0 0 ${w} ${h}`);
  const grid = [
    ...[0, 0.25, 0.5, 0.75, 1].flatMap((t) => [svg("text", { x: x(t), y: box.bottom + 14, "text-anchor": "middle" }, `${100 * t}`), svg("line", { x1: x(t), x2: x(t), y1: box.top, y2: box.bottom, class: "axis" })]),
    ...ticks(0, most, 4).flatMap((t) => [svg("text", { x: box.left - 5, y: y(t) + 4, "text-anchor": "end" }, `${Math.round(100 * t)}`), svg("line", { x1: box.left, x2: box.right, y1: y(t), y2: y(t), class: "axis" })]),
    svg("text", { x: (box.left + box.right) / 2, y: h - 3, "text-anchor": "middle" }, "completeness [%]"),
    svg("text", { x: 0, y: 0, "text-anchor": "middle", transform: `translate(9 ${(box.top + box.bottom) / 2}) rotate(-90)` }, "contamination [%]"),
  ];
  const line = (of) => points.map((p) => `${x(p.completeness).toFixed(1)},${y(of(p)).toFixed(1)}`);
  const drawn = points.length > 1 ? [
    svg("polygon", { class: "band", points: [...line((p) => p.contamination_low), ...line((p) => p.contamination_high).reverse()].join(" ") }),
    svg("polyline", { class: "line", points: line((p) => p.contamination).join(" ") }),
  ] : [];
  const marks = here.flatMap((row) => {
    const cx = x(row.completeness_labelled), cy = y(row.contamination_labelled);
    return [svg("circle", { class: "here", cx, cy, r: 5 }), svg("text", { class: "name", x: cx + (cx > 250 ? -8 : 8), y: cy - 6, "text-anchor": cx > 250 ? "end" : "start" }, `tier ${row.tier}`)];
  });
  picture.append(...grid, ...drawn, ...marks);
  caption.textContent = `Of labelled giants: any selection by P(RC) with its 68 % interval, and where the tiers are now.`;
}

// Brushes and tiers

function isWhole() { return page.selection.clauses.every((clause) => clause.predicate == null); }
function brushed() { $("clear").disabled = !page.panels.some((panel) => panel.brush); }
function drawn(panel) { panel.element.dataset.drawn = performance.now(); }

$("clear").disabled = true;
$("clear").addEventListener("click", () => page.panels.filter((panel) => panel.brush).forEach((panel) => panel.select(null)));
$("tiers").addEventListener("change", (event) => {
  const tier = Number(event.target.value);
  page.selection.update({ source: tierSource, clients: new Set(), value: tier < 3 ? tier : null, predicate: tier < 3 ? sql`tier <= ${tier}` : null });
});

// Taking it along

$("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText($("command").textContent);
    $("copy").textContent = "Copied";
  } catch {
    getSelection().selectAllChildren($("command"));
    $("copy").textContent = "Selected";
  }
  setTimeout(() => { $("copy").textContent = "Copy"; }, 1500);
});

$("export").addEventListener("submit", async (event) => {
  event.preventDefault();
  $("exported").textContent = "writing…";
  try {
    const where = [page.selection.predicate({})].flat().filter(Boolean).join(" and ");
    const answer = await ask("export", { cuts: page.cuts, where, format: $("format").value });
    const name = /filename="(.*?)"/.exec(answer.headers.get("Content-Disposition"))[1];
    const address = URL.createObjectURL(await answer.blob());
    element("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    $("exported").textContent = `${name}: ${count3(page.selected)} stars, with units and what they were made from`;
  } catch (error) {
    $("exported").textContent = error.message;
  }
});

start();
