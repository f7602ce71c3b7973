"""Pictures of a dataset as batches of squares, decoded by threads a little ahead of their use."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl
import torch
from jaxtyping import Int, UInt8
from torch import Tensor

from facsight.core.errors import BadMedia
from facsight.data.dataset import Dataset
from facsight.data.decoding import Box, decode_square, to_square
from facsight.data.samplers import epoch_order
from facsight.data.stacks import Stack, is_stack, open_stack

Unreadable = Literal["fatal", "skip"]

#: Squares out of files are so many pixels wide where nothing else is said.
SIZE = 96
#: A box is made larger by this share of its side, so that brows and chin are in it.
MARGIN = 0.2
#: So many batches are decoded ahead.
AHEAD = 3


@dataclass(frozen=True)
class PictureBatch:
    """Some pictures, and their rows in the dataset's table."""

    images: UInt8[Tensor, "batch channel size size"]
    rows: Int[Tensor, "batch"]

    def __len__(self) -> int:
        return len(self.rows)


class Pictures:
    """The pictures of a dataset, as squares of `size` pixels, about the faces' boxes where there are boxes.

    `size` None takes the pictures of a file of many as they are, others with 96 pixels. What cannot be read
    is `BadMedia` with its name, or, where `unreadable` is "skip", left out and named in `missed`.
    """

    def __init__(
        self,
        data: Dataset,
        *,
        size: int | None = None,
        colour: bool = False,
        margin: float = MARGIN,
        unreadable: Unreadable = "fatal",
    ):
        self.data, self.colour, self.margin, self.unreadable = data, colour, margin, unreadable
        self.missed: dict[str, str] = {}
        self._stacks: dict[str, Stack] = {}
        self._paths = data.table["path"].to_list()
        self._frames = data.table["frame"].to_list()
        self.size = size or self._own_size()

    def __len__(self) -> int:
        return len(self._paths)

    def read(self, row: int) -> UInt8[np.ndarray, "size size *channel"]:
        """The picture of a row of the table; `BadMedia` names it where it cannot be read."""
        path = self._paths[row]
        try:
            if path is None:
                raise BadMedia("there is no file")
            if is_stack(path):
                return self._shaped(self._stack(path)(self._frames[row]))
            return decode_square(self._bytes(path), self.size, box=self._boxes[row], colour=self.colour)
        except BadMedia as error:
            raise BadMedia(f"{self.data.card.name}, {self.data.table['sample'][row]}: {error}") from error

    def batches(
        self,
        batch_size: int,
        *,
        seed: int = 0,
        epoch: int = 0,
        shuffle: bool = True,
        threads: int = 2,
    ) -> Iterator[PictureBatch]:
        """All pictures once, in an order that follows from seed and epoch.

        A batch holds fewer where pictures were left out. `threads` decode; nothing depends on their number.
        """
        rows = epoch_order(torch.ones(len(self)), balanced=False, seed=seed, epoch=epoch)
        rows = rows if shuffle else torch.arange(len(self))
        with ThreadPoolExecutor(threads) as pool:
            waiting: list[_Pending] = []
            for part in rows.split(batch_size):
                waiting.append(_Pending(self, part.tolist(), pool, threads))
                if len(waiting) > AHEAD:
                    yield from waiting.pop(0).finished()
            for pending in waiting:
                yield from pending.finished()

    def _own_size(self) -> int:
        path = next((path for path in self._paths if path is not None), None)
        if path is None or not is_stack(path):
            return SIZE
        return len(self._stack(path)(0))

    def _stack(self, path: str) -> Stack:
        if path not in self._stacks:
            self._stacks[path] = open_stack(self.data.root / path)
        return self._stacks[path]

    def _bytes(self, path: str) -> bytes:
        try:
            return (self.data.root / path).read_bytes()
        except OSError as error:
            raise BadMedia(f"{path} cannot be read: {error.strerror}") from error

    def _shaped(self, picture: np.ndarray) -> np.ndarray:
        square = to_square(picture, self.size)
        if self.colour == (square.ndim == 3):
            return square
        if self.colour:
            return np.repeat(square[..., None], 3, axis=2)
        return np.rint(square @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)

    @cached_property
    def _boxes(self) -> list[Box | None]:
        edges = self.data.table.select("left", "top", "right", "bottom").cast(pl.Float64).rows()
        return [self._wider(edge) if None not in edge else None for edge in edges]

    def _wider(self, box: tuple) -> Box:
        left, top, right, bottom = box
        more = self.margin / 2 * max(right - left, bottom - top)
        return left - more, top - more, right + more, bottom + more


class _Pending:
    """A batch that threads are decoding, each a stretch of it, into one array."""

    def __init__(self, pictures: Pictures, rows: Sequence[int], pool: ThreadPoolExecutor, threads: int):
        channel = (3,) if pictures.colour else ()
        self.pictures, self.rows = pictures, rows
        self.images = np.empty((len(rows), pictures.size, pictures.size, *channel), np.uint8)
        step = max(1, -(-len(rows) // threads))
        places = [range(k, min(k + step, len(rows))) for k in range(0, len(rows), step)]
        self.work: list[Future[dict[int, BadMedia]]] = [pool.submit(self._decode, part) for part in places]

    def _decode(self, places: range) -> dict[int, BadMedia]:
        wrong = {}
        for place in places:
            try:
                self.images[place] = self.pictures.read(self.rows[place])
            except BadMedia as error:
                wrong[place] = error
        return wrong

    def finished(self) -> Iterator[PictureBatch]:
        """The batch, or nothing where none of its pictures can be read."""
        wrong = {place: error for future in self.work for place, error in future.result().items()}
        if wrong and self.pictures.unreadable == "fatal":
            raise wrong[min(wrong)]
        samples = self.pictures.data.table["sample"]
        for place, error in sorted(wrong.items()):
            self.pictures.missed[samples[self.rows[place]]] = str(error)
        kept = [place for place in range(len(self.rows)) if place not in wrong]
        if not kept:
            return
        images = torch.from_numpy(self.images if not wrong else self.images[kept])
        images = images.movedim(3, 1) if self.pictures.colour else images.unsqueeze(1)
        yield PictureBatch(images, torch.tensor([self.rows[place] for place in kept]))
