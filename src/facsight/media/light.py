"""Video of a high dynamic range as a picture for an ordinary screen.

- The light of each pixel, in candela per square metre, follows from the transfer function that the stream
  names: PQ (SMPTE ST 2084), or HLG on a display of 1,000 (ITU-R BT.2100).
- Colours go from the primaries of BT.2020 to those of BT.709, where the stream names the former; what the
  latter cannot show is cut off.
- Tones are mapped from a brightest 1,000 to the white of ordinary pictures, 203 (ITU-R BT.2408), as ITU-R
  BT.2390 does it: what is darker than about 92, as faces mostly are, stays as it is. The brightest of the
  three colours of a pixel decides, so that its hue stays. What is brighter than 1,000 becomes white.
- The result is coded as a screen by ITU-R BT.1886 shows it, with a power of 1 / 2.4.

All this is one table of 64 x 64 x 64 colours, between which libavfilter interpolates.
"""

from fractions import Fraction

import numpy as np
from av.filter import Graph
from av.video.frame import VideoFrame
from jaxtyping import Float64, UInt16

#: Transfer functions by their numbers in ITU-T H.273, as streams name them.
TRANSFERS = {16: "PQ", 18: "HLG"}
#: The number of the primaries of BT.2020, in the same list.
_BT2020 = 9

#: Candela per square metre: the white of ordinary pictures, and the brightest that is told apart.
WHITE, PEAK = 203.0, 1000.0
_SIDE = 64
_TICK = Fraction(1, 1000)
_TO_BT709 = np.array(
    [[1.660491, -0.587641, -0.072850], [-0.124550, 1.132900, -0.008349], [-0.018151, -0.100579, 1.118730]]
)
_LUMINANCE = np.array([0.2627, 0.6780, 0.0593])


class ToneMap:
    """Turns decoded frames into RGB for an ordinary screen, 16 bits deep.

    `transfer` is one of `TRANSFERS`, `primaries` a number of ITU-T H.273. One serves one thread.
    """

    def __init__(self, transfer: str, primaries: int):
        self._table = VideoFrame.from_ndarray(_table(transfer, primaries), format="rgb48le")
        self._size: tuple[int, int] | None = None
        self._count = 0

    def __call__(self, frame: VideoFrame) -> VideoFrame:
        """The frame with its tones mapped."""
        deep = frame.reformat(format="rgb48le", threads=1)
        if self._size != (deep.width, deep.height):
            self._begin(deep)
        self._count += 1
        deep.pts, deep.time_base = self._count, _TICK
        self._source.push(deep)
        return self._graph.vpull()

    def _begin(self, frame: VideoFrame) -> None:
        graph = Graph()
        self._source, tables = (
            graph.add_buffer(width=one.width, height=one.height, format=one.format, time_base=_TICK)
            for one in (frame, self._table)
        )
        look_up, sink = graph.add("haldclut"), graph.add("buffersink")
        self._source.link_to(look_up, 0, 0)
        tables.link_to(look_up, 0, 1)
        look_up.link_to(sink)
        graph.configure()
        self._table.pts, self._table.time_base = 0, _TICK
        tables.push(self._table)
        tables.push(None)
        self._graph, self._size = graph, (frame.width, frame.height)


def _table(transfer: str, primaries: int) -> UInt16[np.ndarray, "512 512 3"]:
    """The colour of each of 64 x 64 x 64 signals, red changing fastest."""
    steps = np.linspace(0.0, 1.0, _SIDE)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    signals = np.stack([red, green, blue], axis=-1).reshape(-1, 3)
    shown = ordinary(light_of(signals, transfer), primaries)
    return np.round(shown * 65535).astype(np.uint16).reshape(512, 512, 3)


def light_of(signals: Float64[np.ndarray, "n 3"], transfer: str) -> Float64[np.ndarray, "n 3"]:
    """Candela per square metre of red, green and blue signals from 0 to 1."""
    if transfer == "PQ":
        return pq_light(signals)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signals <= 0.5, signals**2 / 3, (np.exp((signals - c) / a) + b) / 12)
    return PEAK * (scene @ _LUMINANCE)[:, None] ** 0.2 * scene


def pq_light(signal: Float64[np.ndarray, "*any"]) -> Float64[np.ndarray, "*any"]:
    """Candela per square metre of a PQ signal from 0 to 1."""
    root = signal ** (1 / _M2)
    return 10_000 * (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1)


def pq_signal(light: Float64[np.ndarray, "*any"]) -> Float64[np.ndarray, "*any"]:
    """The PQ signal, from 0 to 1, of light up to 10,000 candela per square metre."""
    power = (light / 10_000) ** _M1
    return ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2


_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32


def ordinary(light: Float64[np.ndarray, "n 3"], primaries: int) -> Float64[np.ndarray, "n 3"]:
    """What an ordinary screen is sent, from 0 to 1, to show this light (candela per square metre)."""
    light = np.clip(light @ _TO_BT709.T if primaries == _BT2020 else light, 0.0, None)
    brightest = light.max(axis=1, keepdims=True)
    scale = tone(np.minimum(brightest, PEAK)) / np.maximum(brightest, 1e-6)
    return np.clip(light * scale / WHITE, 0.0, 1.0) ** (1 / 2.4)


def tone(light: Float64[np.ndarray, "*any"]) -> Float64[np.ndarray, "*any"]:
    """Light up to `PEAK` as light up to `WHITE`: the curve of BT.2390, black left as it is."""
    peak, white = pq_signal(np.array([PEAK, WHITE]))
    signal, most = pq_signal(light) / peak, white / peak
    knee = 1.5 * most - 0.5
    t = np.clip((signal - knee) / (1 - knee), 0.0, 1.0)
    spline = (
        (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * most
    )
    return pq_light(np.where(signal < knee, signal, spline) * peak)
