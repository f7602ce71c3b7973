// Draws one video's chart on a canvas. Sizes are CSS pixels; edges are put on whole device pixels.

const BAND = 110, LANE = 12, EVENT = 5, SEEN = 8, AXIS = 22, GAP = 16;
const GUTTER = 216, NARROW = 640, CAPTION = 16;
//: Pixels a frame from which single frames are told apart.
const SINGLE = 14;

function colours() {
  const style = getComputedStyle(document.documentElement);
  const names = ["paper", "ink", "soft", "line", "track", "accent", "quiet", "warn"];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

/** Where everything lies: lanes from top to bottom with their captions, and the height of it all. */
function layout(people, options, width) {
  const narrow = width < NARROW, left = narrow ? 0 : GUTTER;
  const lanes = [];
  let y = 4;
  const add = (kind, height, caption, more) => {
    if (narrow && caption) y += CAPTION;
    lanes.push({kind, y, height, caption, ...more});
    y += height;
  };
  add("seen", SEEN, "a face in view", {});
  for (const person of people) {
    y += GAP;
    add("band", BAND, person.name, {person});
    if (person.events.length) { y += 3; add("events", EVENT, "", {person}); }
    if (!options.units) continue;
    y += 4;
    for (const unit of person.lanes) {
      add("unit", LANE, person.units[unit], {person, unit});
      y += 2;
    }
  }
  return {lanes, left, width: width - left - 1, narrow, bottom: y + 4, height: y + 4 + AXIS};
}

/** The whole chart. `view` is [from, to] in ms. */
function drawChart(canvas, video, told, plan, view, options) {
  const ratio = Math.max(1, window.devicePixelRatio || 1);
  canvas.width = Math.round((plan.left + plan.width + 1) * ratio);
  canvas.height = Math.round(plan.height * ratio);
  Object.assign(canvas.style, {width: `${canvas.width / ratio}px`, height: `${canvas.height / ratio}px`});
  const pen = canvas.getContext("2d");
  const paint = colours();
  const bins = Math.max(1, Math.floor(plan.width));
  const edge = Array.from({length: bins + 1}, (_, b) => Math.round((plan.left + (b * plan.width) / bins) * ratio));
  const scene = {pen, paint, ratio, bins, edge, plan, view, video, told, options, spreads: new Map()};
  plan.lanes.forEach((lane) => drawLane(scene, lane));
  drawUnread(scene);
  drawCuts(scene);
  drawSingles(scene);
  plan.lanes.forEach((lane) => drawCaption(scene, lane));
  drawAxis(scene);
}

function across(scene, ms) {
  const {plan, view} = scene;
  return plan.left + ((ms - view[0]) / (view[1] - view[0])) * plan.width;
}

function spreadOf(scene, rows) {
  if (!scene.spreads.has(rows)) scene.spreads.set(rows, spread(rows, scene.view, scene.bins));
  return scene.spreads.get(rows);
}

function drawLane(scene, lane) {
  const {pen, paint, ratio, edge, bins, video} = scene;
  if (lane.kind !== "events") {
    pen.fillStyle = paint.track;
    const top = Math.round(lane.y * ratio);
    pen.fillRect(edge[0], top, edge[bins] - edge[0], Math.round((lane.y + lane.height) * ratio) - top);
  }
  if (lane.kind === "seen") drawShade(scene, lane, meanAll(video.seen.column, spreadOf(scene, video.seen)), paint.quiet);
  if (lane.kind === "band") drawBand(scene, lane);
  if (lane.kind === "events") drawEvents(scene, lane);
  if (lane.kind === "unit") {
    const column = lane.person.shares[lane.unit];
    drawShade(scene, lane, meanAll(column, spreadOf(scene, lane.person)), paint.accent);
  }
}

function drawCaption({pen, paint, ratio, plan}, lane) {
  if (!lane.caption) return;
  const person = lane.kind === "band";
  pen.save();
  pen.scale(ratio, ratio);
  pen.font = `${person ? "600 13px" : "11px"} ${getComputedStyle(document.body).fontFamily}`;
  pen.fillStyle = person ? paint.ink : paint.soft;
  pen.textAlign = plan.narrow ? "left" : "right";
  if (plan.narrow) pen.fillText(lane.caption, 0, lane.y - 4);
  else pen.fillText(lane.caption, plan.left - 10, lane.y + (person ? 14 : lane.height / 2 + 4), plan.left - 12);
  pen.restore();
}

/** Stacked shares, stretch by stretch; nothing is joined across stretches without a reading. */
function drawBand(scene, lane) {
  const {pen, ratio, edge, bins, told, options} = scene;
  const columns = (options.smooth && lane.person.smooth) || lane.person.read;
  const rows = spreadOf(scene, lane.person);
  const shares = columns.map((column) => meanKnown(column, rows));
  const foot = Math.round((lane.y + lane.height) * ratio), full = Math.round(lane.height * ratio);
  const total = shares[0].map((_, b) => shares.reduce((sum, share) => sum + share[b], 0));
  const below = new Float64Array(bins);
  shares.forEach((share, n) => {
    pen.fillStyle = told.hues[n];
    for (let b = 0; b < bins; b++) {
      if (!(total[b] > 0)) continue;
      const low = Math.round((below[b] / total[b]) * full);
      below[b] += share[b];
      const high = Math.round((below[b] / total[b]) * full);
      if (high > low) pen.fillRect(edge[b], foot - high, edge[b + 1] - edge[b], high - low);
    }
  });
}

/** A lane whose colour grows with its values; their root, so that small shares can be seen. */
function drawShade({pen, ratio, edge, bins}, lane, values, colour) {
  const top = Math.round(lane.y * ratio), height = Math.round((lane.y + lane.height) * ratio) - top;
  pen.fillStyle = colour;
  for (let b = 0; b < bins; b++) {
    if (!(values[b] > 0)) continue;
    pen.globalAlpha = Math.min(1, Math.sqrt(values[b]));
    pen.fillRect(edge[b], top, edge[b + 1] - edge[b], height);
  }
  pen.globalAlpha = 1;
}

/** From onset to offset of each event, in the colour of its expression; the apex stands out. */
function drawEvents(scene, lane) {
  const {pen, paint, ratio, told, view} = scene;
  const y = lane.y * ratio, height = lane.height * ratio;
  for (const [name, onset, apex, offset] of lane.person.events) {
    if (offset < view[0] || onset > view[1]) continue;
    const [from, to] = [onset, offset].map((ms) => across(scene, Math.min(Math.max(ms, view[0]), view[1])) * ratio);
    pen.fillStyle = told.hues[told.classes.indexOf(name)] ?? paint.quiet;
    pen.fillRect(from, y, Math.max(to - from, ratio), height);
    pen.fillStyle = paint.ink;
    if (apex >= view[0] && apex <= view[1]) pen.fillRect(across(scene, apex) * ratio - ratio / 2, y, 1.5 * ratio, height);
  }
}

/** Stretches that could not be read are hatched; where the damage is, there is a mark. */
function drawUnread(scene) {
  const {pen, paint, ratio, plan, view, video, told} = scene;
  for (const [from, to] of video.unread) {
    if (to <= view[0] || from >= view[1]) continue;
    const [a, b] = [Math.max(from, view[0]), Math.min(to, view[1])].map((ms) => across(scene, ms) * ratio);
    hatch(pen, a, b - a, plan.bottom * ratio, ratio, paint);
  }
  pen.fillStyle = paint.warn;
  for (const [ms] of told.damage) {
    if (ms < view[0] || ms > view[1]) continue;
    const x = across(scene, ms) * ratio;
    pen.fillRect(x - ratio / 2, 0, ratio, plan.bottom * ratio);
    pen.beginPath();
    pen.moveTo(x - 5 * ratio, 0);
    pen.lineTo(x + 5 * ratio, 0);
    pen.lineTo(x, 8 * ratio);
    pen.fill();
  }
}

function hatch(pen, x, width, height, ratio, paint) {
  pen.save();
  pen.beginPath();
  pen.rect(x, 0, width, height);
  pen.clip();
  pen.fillStyle = paint.paper;
  pen.fillRect(x, 0, width, height);
  pen.strokeStyle = paint.quiet;
  pen.lineWidth = ratio;
  pen.beginPath();
  for (let at = x - height; at < x + width; at += 6 * ratio) {
    pen.moveTo(at, height);
    pen.lineTo(at + height, 0);
  }
  pen.stroke();
  pen.restore();
}

/** Cuts as dashed lines; where they would hide the chart, as short marks on top. */
function drawCuts(scene) {
  const {pen, paint, ratio, plan, view, told} = scene;
  const cuts = told.cuts.filter((ms) => ms >= view[0] && ms <= view[1]);
  const foot = cuts.length * 12 > plan.width ? SEEN + 6 : plan.bottom;
  pen.save();
  pen.strokeStyle = paint.ink;
  pen.lineWidth = ratio;
  pen.setLineDash([3 * ratio, 3 * ratio]);
  pen.beginPath();
  for (const ms of cuts) {
    const x = Math.round(across(scene, ms) * ratio) + 0.5;
    pen.moveTo(x, 0);
    pen.lineTo(x, foot * ratio);
  }
  pen.stroke();
  pen.restore();
}

/** Thin lines between frames, where a frame is wide enough to be seen as one. */
function drawSingles(scene) {
  const {pen, paint, ratio, plan, view, video} = scene;
  if ((video.typical / (view[1] - view[0])) * plan.width < SINGLE) return;
  pen.fillStyle = paint.paper;
  const last = placeAfter(video.time, view[1]);
  for (let i = placeAfter(video.time, view[0]); i < last; i++) {
    pen.fillRect(Math.round(across(scene, video.time[i]) * ratio), 0, Math.max(1, Math.round(ratio / 2)), plan.bottom * ratio);
  }
}

/** Round times along the foot, as many as find room. */
function drawAxis({pen, paint, ratio, plan, view}) {
  const step = roundStep((view[1] - view[0]) / Math.max(2, plan.width / 110));
  pen.save();
  pen.scale(ratio, ratio);
  pen.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  pen.fillStyle = paint.soft;
  for (let ms = Math.ceil(view[0] / step) * step; ms <= view[1]; ms += step) {
    const x = plan.left + ((ms - view[0]) / (view[1] - view[0])) * plan.width;
    pen.fillRect(x, plan.bottom, 1, 4);
    const text = clock(ms, step < 1000 ? Math.min(3, Math.ceil(-Math.log10(step / 1000))) : 0);
    const half = pen.measureText(text).width / 2;
    pen.fillText(text, Math.min(Math.max(x - half, plan.left), plan.left + plan.width - 2 * half), plan.bottom + 17);
  }
  pen.restore();
}

/** The next step above, out of 1, 2, 5 times a power of ten below a second, and clock steps above. */
function roundStep(ms) {
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5];
  return steps.find((step) => step >= ms) ?? Math.ceil(ms / 36e5) * 36e5;
}

/** A time as a player shows it, with so many decimals of a second. */
function clock(ms, decimals) {
  const sign = ms < 0 ? "-" : "", unit = 1000 / 10 ** decimals;
  const all = (Math.round(Math.abs(ms) / unit) * unit) / 1000;
  const hours = Math.floor(all / 3600), minutes = Math.floor((all % 3600) / 60);
  const seconds = (all % 60).toFixed(decimals).padStart(decimals ? 3 + decimals : 2, "0");
  return hours ? `${sign}${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${sign}${minutes}:${seconds}`;
}
