// A chart: what is shown, where the cursor is, and what mouse, touch and keys do.

class Chart {
  constructor(home) {
    this.home = home;
    this.told = JSON.parse(home.querySelector("script").textContent);
    this.options = {units: true, smooth: false};
    this.hidden = new Set();
    this.frame = 0;
    this.heard = [];
  }

  /** Unpack, build, draw: from now on the static picture is for print. */
  async start() {
    this.video = await readVideo(this.told);
    this.whole = [this.video.start, Math.max(this.video.end, this.video.start + 1)];
    this.view = this.whole;
    this.build();
    this.home.classList.add("live");
    new ResizeObserver(() => {
      if (this.plan && Math.floor(this.plot.clientWidth) !== this.drawn) this.draw();
    }).observe(this.plot);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    this.draw();
    this.moveTo(this.video.people.length ? this.video.people[0].at[0] : 0);
    performance.mark("facsight drawn");
  }

  get people() {
    return this.video.people.filter((_, n) => !this.hidden.has(n));
  }

  /** Call `listener` with the frame and with whether the person asked for it by a click or a key. */
  onMove(listener) {
    this.heard.push(listener);
  }

  // building

  build() {
    this.plot = made("div", "plot");
    this.canvas = made("canvas");
    this.cursor = made("div", "cursor");
    this.selection = made("div", "selection");
    this.plot.append(this.canvas, this.selection, this.cursor);
    this.panel = made("div", "readout");
    const slider = {
      role: "slider", tabindex: "0", "aria-orientation": "horizontal",
      "aria-label": `Timeline of ${this.told.file}. Arrow keys step by a frame, plus and minus zoom, Escape shows the whole video.`,
      "aria-valuemin": this.whole[0] / 1000, "aria-valuemax": this.whole[1] / 1000,
    };
    for (const [name, value] of Object.entries(slider)) this.plot.setAttribute(name, value);
    this.canvas.setAttribute("aria-hidden", "true");
    this.home.append(this.controls(), this.plot, this.panel);
    this.listen();
    for (const when of this.home.closest("section").querySelectorAll("[data-ms]")) this.link(when);
  }

  controls() {
    const row = made("div", "controls"), shown = made("fieldset");
    shown.append(made("legend", "", "Show"));
    this.told.people.forEach((person, n) => shown.append(this.box("checkbox", person.name, true, (on) => {
      this.hidden[on ? "delete" : "add"](n);
    })));
    if (this.told.people.some((person) => person.lanes.length)) {
      shown.append(this.box("checkbox", "action units", true, (on) => { this.options.units = on; }));
    }
    row.append(shown);
    if (this.video.people.some((person) => person.smooth)) {
      const kind = made("fieldset");
      kind.append(made("legend", "", "Expressions"));
      kind.append(this.box("radio", "as read", true, () => { this.options.smooth = false; }));
      kind.append(this.box("radio", "smoothed", false, () => { this.options.smooth = true; }));
      row.append(kind);
    }
    row.append(this.zoomButtons());
    return row;
  }

  box(type, name, checked, change) {
    const label = made("label"), input = made("input");
    Object.assign(input, {type, checked, name: `${this.home.id}-${type}`});
    input.addEventListener("change", () => { change(input.checked); this.draw(); this.read(); });
    label.append(input, ` ${name}`);
    return label;
  }

  zoomButtons() {
    const group = made("div", "zoom");
    this.span = made("span", "soft small");
    const button = (text, name, act) => {
      const element = made("button", "", text);
      element.type = "button";
      element.setAttribute("aria-label", name);
      element.addEventListener("click", act);
      group.append(element);
      return element;
    };
    group.append(this.span);
    button("−", "Zoom out", () => this.zoom(2));
    button("+", "Zoom in", () => this.zoom(0.5));
    this.reset = button("Whole video", "Show the whole video", () => this.look(this.whole));
    return group;
  }

  /** A moment's time becomes a button that leads to it. */
  link(when) {
    const button = made("button", "to", when.textContent);
    button.type = "button";
    button.addEventListener("click", () => { this.reveal(Number(when.dataset.ms)); });
    when.replaceWith(button);
  }

  // drawing

  draw() {
    const width = Math.floor(this.plot.clientWidth);
    if (!width) return;
    this.drawn = width;
    this.plan = layout(this.people, this.options, width);
    drawChart(this.canvas, this.video, this.told, this.plan, this.view, this.options);
    const [from, to] = this.view, decimals = to - from < 5000 ? 2 : to - from < 60000 ? 1 : 0;
    this.span.textContent = `${clock(from, decimals)} to ${clock(to, decimals)}`;
    this.reset.disabled = this.view === this.whole;
    this.place();
  }

  place() {
    const at = Math.min(Math.max(this.video.time[this.frame], this.view[0]), this.video.until[this.frame]);
    const inside = at >= this.view[0] && at <= this.view[1];
    this.cursor.hidden = !inside;
    if (inside) this.cursor.style.transform = `translateX(${this.xOf(at)}px)`;
    this.cursor.style.height = `${this.plan.bottom}px`;
  }

  xOf(ms) {
    return this.plan.left + ((ms - this.view[0]) / (this.view[1] - this.view[0])) * this.plan.width;
  }

  timeAt(event) {
    const x = event.clientX - this.plot.getBoundingClientRect().left - this.plan.left;
    const share = Math.min(Math.max(x / this.plan.width, 0), 1);
    return this.view[0] + share * (this.view[1] - this.view[0]);
  }

  // the cursor

  moveTo(frame, asked = false) {
    this.frame = Math.min(Math.max(frame, 0), this.video.time.length - 1);
    this.place();
    this.read();
    this.heard.forEach((listener) => listener(this.frame, asked));
  }

  read() {
    const words = showFrame(this.panel, this.video, this.told, this.frame, this.people, this.options);
    this.plot.setAttribute("aria-valuenow", this.video.time[this.frame] / 1000);
    this.plot.setAttribute("aria-valuetext", words);
  }

  /** Move the cursor to a frame, and the view with it where it would be left. */
  follow(frame, asked = false) {
    const at = this.video.time[Math.min(Math.max(frame, 0), this.video.time.length - 1)];
    const [from, to] = this.view;
    if (at < from || at >= to) this.look([at - (to - from) / 2, at + (to - from) / 2]);
    this.moveTo(frame, asked);
  }

  reveal(ms) {
    this.follow(frameAt(this.video, ms), true);
    this.plot.scrollIntoView({block: "nearest"});
    this.plot.focus({preventScroll: true});
  }

  // the view

  /** Show a stretch of time: never less than four frames, never beyond the video. */
  look([from, to]) {
    const [start, end] = this.whole;
    const length = Math.min(Math.max(to - from, 4 * this.video.typical), end - start);
    const begin = Math.min(Math.max((from + to - length) / 2, start), end - length);
    this.view = length === end - start ? this.whole : [begin, begin + length];
    this.draw();
  }

  /** Make the view `factor` times as long, around the cursor where it is in sight. */
  zoom(factor) {
    const [from, to] = this.view, at = this.video.time[this.frame];
    const middle = at >= from && at <= to ? at : (from + to) / 2;
    this.look([middle - (middle - from) * factor, middle + (to - middle) * factor]);
  }

  // mouse, touch and keys

  listen() {
    const {plot} = this;
    let origin = null;
    plot.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      origin = {x: event.clientX, ms: this.timeAt(event)};
      plot.setPointerCapture(event.pointerId);
    });
    plot.addEventListener("pointermove", (event) => {
      if (origin && Math.abs(event.clientX - origin.x) > 4) this.select(origin.ms, this.timeAt(event));
      this.moveTo(frameAt(this.video, this.timeAt(event)));
    });
    plot.addEventListener("pointerup", (event) => {
      const end = this.timeAt(event), far = origin && Math.abs(event.clientX - origin.x) > 4;
      if (far) this.look([Math.min(origin.ms, end), Math.max(origin.ms, end)]);
      else if (origin) this.moveTo(frameAt(this.video, end), true);
      origin = this.select(0, 0);
    });
    plot.addEventListener("pointercancel", () => { origin = this.select(0, 0); });
    plot.addEventListener("dblclick", () => this.look(this.whole));
    plot.addEventListener("keydown", (event) => this.press(event));
  }

  /** Mark a stretch while it is being drawn; nothing where both ends are the same. */
  select(from, to) {
    const [a, b] = [from, to].sort((x, y) => x - y).map((ms) => this.xOf(ms));
    const style = {left: `${a}px`, width: `${b - a}px`, height: `${this.plan.bottom}px`};
    Object.assign(this.selection.style, style);
    this.selection.hidden = from === to;
    return null;
  }

  press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const step = event.shiftKey ? 10 : 1, length = this.view[1] - this.view[0];
    const acts = {
      ArrowLeft: () => this.follow(this.frame - step, true),
      ArrowRight: () => this.follow(this.frame + step, true),
      Home: () => this.follow(frameAt(this.video, this.whole[0]), true),
      End: () => this.follow(this.video.time.length - 1, true),
      PageUp: () => this.look(this.view.map((ms) => ms - length / 2)),
      PageDown: () => this.look(this.view.map((ms) => ms + length / 2)),
      "+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2),
      Escape: () => this.look(this.whole),
    };
    if (!(event.key in acts)) return;
    acts[event.key]();
    event.preventDefault();
  }
}

/** Start a chart; where this browser cannot, the static picture stays and a line says so. */
async function startChart(home) {
  const chart = new Chart(home);
  try {
    await chart.start();
  } catch (problem) {
    home.append(made("p", "small soft", "This browser cannot draw the interactive timeline; the picture above is complete."));
    console.error(problem);
    return null;
  }
  return chart;
}
