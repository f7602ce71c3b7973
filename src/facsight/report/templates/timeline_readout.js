// What the chart's cursor points at, in words and bars: a card for each person in the frame.

/** An element with text; nothing that comes from outside is ever read as markup. */
function made(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

/** A share in whole per cent, never rounded to a certainty. */
function percent(share) {
  if (share < 0.005) return "under 1\u00a0%";
  if (share >= 0.995) return "over 99\u00a0%";
  return `${Math.round(share * 100)}\u00a0%`;
}

const valueOf = (column, row) => (!column || column[row] === MISSING ? null : column[row] / STEPS);

/** One person's reading in one row: everything that the table holds and the page shows. */
function readingOf(person, row, told, options) {
  const smooth = Boolean(options.smooth && person.smooth);
  const columns = smooth ? person.smooth : person.read;
  const shares = columns.map((column, n) => ({name: told.classes[n], hue: told.hues[n], share: valueOf(column, row)}));
  const known = shares.filter(({share}) => share !== null).sort((a, b) => b.share - a.share);
  const units = person.units.map((name, n) => ({name, share: valueOf(person.shares[n], row)}));
  return {
    label: smooth && known.length ? known[0].name : told.classes[person.label[row]] ?? "",
    shares: known,
    uncertainty: valueOf(person.uncertainty, row),
    units: units.filter(({share}) => share !== null).sort((a, b) => b.share - a.share),
    elsewhere: valueOf(person.elsewhere, row),
    cautions: person.cautions ? told.cautions.filter((_, n) => (person.cautions[row] >> n) & 1) : [],
    followed: person.detected ? person.detected[row] === 0 : false,
  };
}

/** The reading in a few words. */
function inShort(reading) {
  const chosen = reading.shares.find(({name}) => name === reading.label);
  return chosen ? `${reading.label} ${percent(chosen.share)}` : reading.label;
}

/** Fills the panel for a frame; returns the same in one sentence. */
function showFrame(panel, video, told, frame, people, options) {
  const when = `${clock(video.time[frame], 3)}, frame ${video.number[frame]}, shot ${video.shot[frame]}`;
  const notes = told.damage.filter(([ms]) => ms >= video.time[frame] && ms < (video.time[frame + 1] ?? Infinity));
  const head = made("p", "when", when);
  for (const [, reason] of notes) head.append(" ", made("span", "chip", `damaged after this: ${reason}`));
  const cards = made("div", "cards"), words = [when];
  for (const person of people) {
    const row = rowIn(person, frame);
    if (row < 0) continue;
    const reading = readingOf(person, row, told, options);
    words.push(`${person.name}: ${inShort(reading)}`);
    cards.append(cardOf(person.name, reading));
  }
  if (!cards.childElementCount) cards.append(made("p", "soft", nobody(people, told)));
  panel.replaceChildren(head, cards);
  return words.length > 1 ? words.join("; ") : `${when}; ${nobody(people, told)}`;
}

function nobody(people, told) {
  return people.length < told.people.length ? "none of the people shown is in this frame" : "no face that was followed for long is in this frame";
}

function cardOf(name, reading) {
  const card = made("div", "card"), head = made("p", "head");
  head.append(made("b", "", name), ` ${reading.label}`);
  if (reading.followed) head.append(" ", made("span", "chip", "followed, not detected"));
  card.append(head, barsOf(reading.shares));
  const facts = made("div", "facts");
  if (reading.uncertainty !== null) facts.append(made("p", "fact", `uncertainty ${reading.uncertainty.toFixed(2)}`));
  if (reading.units.length) {
    const told = reading.units.map(({name, share}) => `${name} ${percent(share)}`);
    if (reading.elsewhere !== null) told.push(`elsewhere ${percent(reading.elsewhere)}`);
    facts.append(made("p", "fact", `attention: ${told.join(", ")}`));
  }
  if (reading.cautions.length) facts.append(made("p", "fact care", `take care: ${reading.cautions.join(", ")}`));
  card.append(facts);
  return card;
}

function barsOf(shares) {
  const bars = made("div", "mini");
  for (const {name, hue, share} of shares) {
    const bar = made("i");
    bar.style.setProperty("--share", `${(share * 100).toFixed(1)}%`);
    bar.style.setProperty("--hue", hue);
    bars.append(made("span", "", name), bar, made("span", "number", percent(share)));
  }
  return bars;
}
