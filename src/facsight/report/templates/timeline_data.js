// A video's readings, unpacked: every frame as the table has it, shares in steps of 1/254.
// Times are whole milliseconds on the video's own clock.

const MISSING = 255, STEPS = 254;
const KINDS = {i4: Int32Array, u1: Uint8Array};

/** The first place in a sorted list whose value is above `value`; its length where there is none. */
function placeAfter(sorted, value) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] > value) high = middle; else low = middle + 1;
  }
  return low;
}

/** The arrays that were packed, by name; whole numbers come as differences. */
async function unpack(told) {
  const text = atob(told.data), bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const buffer = await new Response(stream).arrayBuffer();
  const arrays = {};
  let place = 0;
  for (const [name, kind, count] of told.index) {
    const array = arrays[name] = new KINDS[kind](buffer, place, count);
    place += array.byteLength;
    if (kind === "i4") for (let i = 1; i < count; i++) array[i] += array[i - 1];
  }
  return arrays;
}

/** What a chart shows: frames with the time at which each ends, people, and the stretches not read. */
async function readVideo(told) {
  const arrays = await unpack(told);
  const {time, number, shot, faces} = arrays;
  const typical = usualStep(time);
  const {until, unread} = endsOf(time, typical, told);
  const start = time[0], end = Math.max(until[until.length - 1], ...unread.map(([, to]) => to));
  const people = told.people.map((person, p) => readPerson(person, `p${p}.`, arrays, time, until));
  const seen = {time, until, column: faces.map((count) => (count ? STEPS : 0))};
  return {time, number, shot, until, unread, typical, start, end, seen, people};
}

function readPerson(person, prefix, arrays, time, until) {
  const own = (name) => arrays[prefix + name];
  const several = (kind, names) => names.map((_, n) => own(`${kind}${n}`));
  const at = own("at");
  return {
    ...person, at,
    time: at.map((frame) => time[frame]),
    until: at.map((frame) => until[frame]),
    label: own("label"), uncertainty: own("uncertainty"), elsewhere: own("elsewhere"),
    cautions: own("cautions"), detected: own("detected"),
    read: several("read", person.classes),
    smooth: own("smooth0") && several("smooth", person.classes),
    shares: several("unit", person.units),
    box: own("box0") && [0, 1, 2, 3].map((n) => own(`box${n}`)),
  };
}

/** The median time from a frame to the next. */
function usualStep(time) {
  if (time.length < 2) return 40;
  const steps = time.slice(1).map((t, i) => t - time[i]).sort();
  return Math.max(1, steps[steps.length >> 1]);
}

/** A frame is shown until the next one, except where the video is damaged after it. */
function endsOf(time, typical, told) {
  const last = time.length - 1;
  const until = time.map((t, i) => (i < last ? time[i + 1] : t + typical));
  const unread = [];
  for (const [at] of told.damage) {
    const frame = placeAfter(time, at) - 1;
    if (frame < 0) continue;
    const stop = Math.min(until[frame], at + typical);
    if (frame < last && until[frame] > stop) unread.push([stop, until[frame]]);
    until[frame] = stop;
  }
  if (told.end > until[last] + typical) unread.push([until[last], told.end]);
  return {until, unread};
}

/** The frame that is shown at a time: the last one that has begun. */
function frameAt(video, ms) {
  return Math.max(0, placeAfter(video.time, ms) - 1);
}

/** A person's row in a frame, or -1. */
function rowIn(person, frame) {
  const row = placeAfter(person.at, frame) - 1;
  return row >= 0 && person.at[row] === frame ? row : -1;
}

/** Which rows fall into each of `bins` stretches of a view, and which row is shown where none begins. */
function spread(rows, view, bins) {
  const scale = bins / (view[1] - view[0]);
  const first = Math.max(0, placeAfter(rows.time, view[0]) - 1);
  const last = placeAfter(rows.time, view[1]);
  const count = new Int32Array(bins), held = new Int32Array(bins).fill(-1);
  const place = new Int32Array(Math.max(0, last - first));
  for (let i = first; i < last; i++) {
    const begin = Math.floor((rows.time[i] - view[0]) * scale);
    const end = Math.min(bins, Math.ceil((rows.until[i] - view[0]) * scale));
    place[i - first] = begin;
    if (begin >= 0 && begin < bins) count[begin]++;
    for (let b = Math.max(0, begin); b < end; b++) held[b] = i;
  }
  return {first, place, count, held, bins};
}

/** The mean of a column in each stretch, of its known values; NaN where there is no row. */
function meanKnown(column, spread) {
  return mean(column, spread, (known) => known);
}

/** The mean of a column in each stretch, of all rows; what is missing counts as nothing. */
function meanAll(column, spread) {
  return mean(column, spread, (known, rows) => rows);
}

function mean(column, {first, place, count, held, bins}, divisor) {
  const sum = new Float64Array(bins), known = new Int32Array(bins);
  for (let i = 0; i < place.length; i++) {
    const value = column[first + i];
    if (value === MISSING || place[i] < 0 || place[i] >= bins) continue;
    sum[place[i]] += value;
    known[place[i]]++;
  }
  for (let b = 0; b < bins; b++) {
    if (count[b]) {
      sum[b] /= divisor(known[b], count[b]) * STEPS;
    } else {
      const value = held[b] < 0 ? MISSING : column[held[b]];
      sum[b] = value === MISSING ? NaN : value / STEPS;
    }
  }
  return sum;
}
