"""What a network in an `.onnx` file wants to be given: read from the file, without running it.

ONNX is a protobuf: fields of a number and a value, one after the other. Of the hundred megabytes of a model
only a few names and sizes are looked at, so that no library for it is needed.
Field numbers: onnx.proto of the ONNX project, IR version 3 and later.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from facsight.core.errors import BadCheckpoint

Field = tuple[int, "int | memoryview"]

_GRAPH, _NODE, _INITIALIZER, _INPUT = 7, 1, 5, 11
_NODE_INPUT, _NODE_KIND, _TENSOR_NAME = 1, 4, 8
_VALUE_NAME, _VALUE_TYPE, _TENSOR_TYPE, _SHAPE, _DIMENSION, _LENGTH = 1, 2, 1, 2, 1, 1


@dataclass(frozen=True)
class OnnxInput:
    """The picture that a network takes: the length of each axis (None: any), and what is done to it first.

    `first` is the kind of the first layer, such as "Conv" or "Sub".
    """

    shape: tuple[int | None, ...]
    first: str | None


def read_onnx_input(model: bytes) -> OnnxInput:
    """The one input of an ONNX model. `BadCheckpoint` where the bytes are none, or it has not one input."""
    try:
        graph = next(_messages(memoryview(model), _GRAPH), memoryview(b""))
        fixed = {_text(part, _TENSOR_NAME) for part in _messages(graph, _INITIALIZER)}
        inputs = {_text(part, _VALUE_NAME): part for part in _messages(graph, _INPUT)}
        # old files list the weights as well
        free = {name: part for name, part in inputs.items() if name not in fixed}
        if len(free) == 1:
            ((name, told),) = free.items()
            return OnnxInput(tuple(_shape(told)), _first_layer(graph, name))
    except (IndexError, UnicodeDecodeError, _Odd) as error:
        raise BadCheckpoint("expected an ONNX model, found something else, or a part of one") from error
    raise BadCheckpoint(f"expected an ONNX model with one input, found {len(free)} inputs")


class _Odd(Exception):
    """Bytes that are no protobuf."""


def _first_layer(graph: memoryview, name: str) -> str | None:
    for node in _messages(graph, _NODE):
        if name in (str(part, "utf-8") for part in _messages(node, _NODE_INPUT)):
            return _text(node, _NODE_KIND)
    return None


def _shape(told: memoryview) -> Iterator[int | None]:
    for dimension in _inside([told], (_VALUE_TYPE, _TENSOR_TYPE, _SHAPE, _DIMENSION)):
        known = next((value for number, value in _fields(dimension) if number == _LENGTH), None)
        yield known if isinstance(known, int) and 0 < known < 1 << 31 else None


def _inside(messages: Iterable[memoryview], way: Sequence[int]) -> Iterable[memoryview]:
    """The messages in the fields of these numbers, each within the one before."""
    for number in way:
        messages = [part for message in messages for part in _messages(message, number)]
    return messages


def _text(message: memoryview, number: int) -> str:
    return str(next(_messages(message, number), b""), "utf-8")


def _messages(message: memoryview, number: int) -> Iterator[memoryview]:
    """The values of a field that are bytes: text, or messages."""
    for found, value in _fields(message):
        if found == number and isinstance(value, memoryview):
            yield value


def _fields(message: memoryview) -> Iterator[Field]:
    place = 0
    while place < len(message):
        key, place = _number(message, place)
        kind = key & 7
        if kind == 0:
            value, place = _number(message, place)
            yield key >> 3, value
            continue
        if kind == 2:
            length, place = _number(message, place)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise _Odd
        if place + length > len(message):
            raise _Odd
        yield key >> 3, message[place : place + length]
        place += length


def _number(message: memoryview, place: int) -> tuple[int, int]:
    """A number of seven bits a byte, lowest first, and where it ends."""
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place
        if shift > 63:
            raise _Odd
