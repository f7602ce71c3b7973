// The video beside its chart: each follows the other.

class Player {
  constructor(chart, scene) {
    this.chart = chart;
    this.scene = scene;
    this.screen = scene.querySelector("video");
    this.offset = 0;
    this.boxes = new Map();
    this.screen.addEventListener("loadeddata", () => this.setClock());
    if (this.screen.readyState >= 2) this.setClock();
    this.screen.addEventListener("seeked", () => this.show(this.screen.currentTime));
    this.screen.addEventListener("error", () => this.giveUp());
    if (this.screen.error) this.giveUp();
    chart.onMove((frame, asked) => this.seek(frame, asked));
    chart.plot.addEventListener("keydown", (event) => this.press(event));
    this.wait();
  }

  /** Some players count from 0, others keep the file's own clock: where it stands at first tells which. */
  setClock() {
    const start = Number(this.scene.dataset.start);
    this.offset = this.screen.currentTime * 1000 < start / 2 ? start : 0;
    this.show(this.screen.currentTime);
  }

  giveUp() {
    this.scene.hidden = true;
    this.scene.parentElement.querySelector(".unplayable").hidden = false;
  }

  /** After each frame that is shown, or where the browser cannot tell, after each picture of the screen. */
  wait() {
    const next = (time) => { this.show(time); this.wait(); };
    if (this.screen.requestVideoFrameCallback) {
      this.screen.requestVideoFrameCallback((_, about) => next(about.mediaTime));
    } else {
      requestAnimationFrame(() => next(this.screen.currentTime));
    }
  }

  /** The chart's cursor and the boxes go where the video is, unless it is on its way to somewhere else. */
  show(time) {
    if (this.screen.seeking) return;
    const {chart} = this, ms = time * 1000 + this.offset + 1;
    const frame = frameAt(chart.video, ms);
    chart.follow(frame);
    this.mark(ms < chart.video.until[frame] + 1 ? frame : -1);
  }

  /** The video goes where the chart was clicked: into the middle of the frame, which no rounding leaves. */
  seek(frame, asked) {
    if (!asked) return;
    const {time, until} = this.chart.video, middle = time[frame] + Math.min(20, (until[frame] - time[frame]) / 2);
    this.screen.currentTime = Math.max(0, (middle - this.offset) / 1000);
    this.mark(frame);
  }

  press(event) {
    if (event.key !== " ") return;
    event.preventDefault();
    if (this.screen.paused && !this.scene.hidden) this.screen.play(); else this.screen.pause();
  }

  /** A box and a word for each person in the frame. */
  mark(frame) {
    const {chart} = this, shown = new Set();
    for (const person of chart.people) {
      const row = rowIn(person, frame);
      if (row < 0 || !person.box) continue;
      shown.add(person);
      this.put(person, person.box.map((side) => side[row]), inShort(readingOf(person, row, chart.told, chart.options)));
    }
    for (const [person, box] of this.boxes) box.hidden = !shown.has(person);
  }

  put(person, [left, top, right, bottom], words) {
    if (!this.boxes.has(person)) {
      const box = made("div", "box");
      box.append(made("span", "tag"));
      this.scene.append(box);
      this.boxes.set(person, box);
    }
    const box = this.boxes.get(person), [width, height] = this.chart.told.size;
    const sides = {left: left / width, top: top / height, width: (right - left) / width, height: (bottom - top) / height};
    for (const [side, share] of Object.entries(sides)) box.style[side] = `${(share * 100).toFixed(2)}%`;
    box.firstChild.textContent = `${person.name}: ${words}`;
  }
}

const [home] = document.querySelectorAll(".chart"), [scene] = document.querySelectorAll(".scene");
if (home) startChart(home).then((chart) => chart && scene && new Player(chart, scene));
