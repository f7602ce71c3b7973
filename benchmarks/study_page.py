"""The page of an hour of video at 30 frames a second with two people: its size, and how fast it opens.

    python benchmarks/study_page.py [--minutes 60] [--rate 30] [--people 2] [--times 5]

The study is made up, seeded. A headless Chromium opens the page from disk; `first_paint_ms` is what the
browser reports, `drawn_ms` when the interactive chart stands, both from the beginning of loading; `step_ms`
and `zoom_ms` are what one key takes: the cursor a frame further, and all drawn anew. Medians over the loads.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from record import record

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from chromium import Browser, find_chromium
from facsight.report.study import write_study_report
from planted_study import made_rows, saved_study, told

#: Resolves when the chart has been drawn.
_DRAWN = """new Promise((done) => { const look = () => document.querySelector(".chart.live canvas")
  ? requestAnimationFrame(() => done(true)) : setTimeout(look, 5); look(); })"""
_TIMES = """[performance.getEntriesByName("first-contentful-paint")[0].startTime,
  performance.getEntriesByName("facsight drawn")[0].startTime]"""
_KEY = """(() => { const plot = document.querySelector(".plot"), begun = performance.now();
  for (let i = 0; i < 20; i++) plot.dispatchEvent(new KeyboardEvent("keydown", {key: KEYS[i % KEYS.length]}));
  return (performance.now() - begun) / 20; })()"""


def made_study(folder: Path, minutes: float, rate: float, people: int) -> Path:
    """Every person is in four fifths of the frames, in stretches of a minute; a cut every ten seconds."""
    times = np.arange(round(minutes * 60 * rate)) / rate
    seen = [np.flatnonzero((times / 60 + person * 0.3) % 1 < 0.8) for person in range(people)]
    rows = made_rows("hour.mp4", times, seen, cuts=np.arange(10, times[-1], 10))
    return saved_study(folder, rows, [told(rows)])


def opened(page: Path, times: int) -> dict[str, float]:
    """Medians over `times` loads of the page in one browser, in milliseconds."""
    program = find_chromium()
    if program is None:
        raise SystemExit("no Chromium found: install one, for example Debian's package chromium")
    found = []
    with tempfile.TemporaryDirectory() as profile:
        browser = Browser(program, Path(profile))
        for _ in range(times):
            browser.open(page.as_uri())
            browser.ask(_DRAWN)
            keys = [browser.ask(_KEY.replace("KEYS", keys)) for keys in ('["ArrowRight"]', '["+", "-"]')]
            found.append([*browser.ask(_TIMES), *keys])
        assert not browser.problems, browser.problems
        browser.close()
    names = ("first_paint_ms", "drawn_ms", "step_ms", "zoom_ms")
    return {
        name: round(statistics.median(values), 1)
        for name, values in zip(names, zip(*found, strict=True), strict=True)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=30)
    parser.add_argument("--people", type=int, default=2)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = made_study(Path(place), options.minutes, options.rate, options.people)
        begun = time.perf_counter()
        page = write_study_report(folder, pictures=False)
        results = {
            "minutes": options.minutes,
            "frames_a_second": options.rate,
            "people": options.people,
            "written_s": round(time.perf_counter() - begun, 1),
            "page_mb": round(page.stat().st_size / 1e6, 2),
            **opened(page, options.times),
            "goal": {"drawn_ms": 2000},
        }
    print(results)
    print(record("study_page", results))


if __name__ == "__main__":
    main()
