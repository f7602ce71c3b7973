"""ELAN's annotation files (`.eaf`), https://archive.mpi.nl/tla/elan, format versions 2 and 3.

- An aligned annotation lies between two time slots. Slots without a time, between annotations of a tier that
  follow one another, are placed as ELAN draws them: evenly between the nearest slots that have one.
- A reference annotation (symbolic association or subdivision) has no times: it gets those of its parent.
- A file may belong to several videos, each with the time in it at which the annotations' clock starts
  (TIME_ORIGIN, in ELAN "offset"): every annotation is given once for each video, on that video's own clock.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from facsight.core.errors import BadAnnotations

#: Under this name the parser notes each element's line; XML allows no such name in a file.
LINE = "line number"


def read_elan(path: Path) -> list[dict[str, Any]]:
    """Every annotation: its `file`, `tier`, `label`, and `start` and `end` in seconds; in the file's order.

    `file` is the name of the video, without folders; None if the file names no video. `BadAnnotations` says
    which annotation and line is not as it should be.
    """
    document = _parse(path)
    header = document.find("HEADER")
    if document.tag != "ANNOTATION_DOCUMENT" or header is None:
        raise BadAnnotations(f"{path}: expected an ELAN document with a header, found <{document.tag}>")
    if header.get("TIME_UNITS", "milliseconds") != "milliseconds":
        raise BadAnnotations(f"{path}: expected times in milliseconds, found {header.get('TIME_UNITS')!r}")
    annotations = _annotations(path, document)
    return [
        {"file": file, "tier": tier, "label": label, "start": start + origin, "end": end + origin}
        for file, origin in _videos(path, header)
        for tier, label, start, end in annotations
    ]


def _parse(path: Path) -> Element:
    """The document's tree, each element with its line. No document types, and so no entities of its own."""
    builder, parser = TreeBuilder(), expat.ParserCreate()

    def start(tag: str, attributes: dict[str, str]) -> None:
        builder.start(tag, {**attributes, LINE: str(parser.CurrentLineNumber)})

    def refuse(*_: object) -> None:
        raise BadAnnotations(
            f"{path} line {parser.CurrentLineNumber}: found a document type, which no ELAN file has "
            "and which may do harm; remove <!DOCTYPE ...>"
        )

    parser.StartElementHandler, parser.EndElementHandler = start, builder.end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = builder.data, refuse
    try:
        parser.Parse(path.read_bytes(), True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise BadAnnotations(f"{path} line {error.lineno}: this is not whole XML: {reason}") from error
    except (LookupError, ValueError) as error:
        raise BadAnnotations(f"{path}: expected XML as UTF-8, found another encoding: {error}") from error
    return builder.close()


def _videos(path: Path, header: Element) -> list[tuple[str | None, float]]:
    """Name of each video, and the second in it at which the annotations' clock starts. Sound is left out."""
    found = []
    for media in header.iterfind("MEDIA_DESCRIPTOR"):
        if not media.get("MIME_TYPE", "").startswith("audio"):
            place = unquote(media.get("MEDIA_URL") or media.get("RELATIVE_MEDIA_URL", ""))
            name = place.replace("\\", "/").rpartition("/")[2]
            found.append((name or None, _seconds(path, media, media.get("TIME_ORIGIN", "0"))))
    return found or [(None, 0.0)]


def _annotations(path: Path, document: Element) -> list[tuple[str, str, float, float]]:
    """Tier, label, start and end of each, on the annotations' own clock."""
    slots = {
        name: _seconds(path, slot, time)
        for slot in document.iterfind("TIME_ORDER/TIME_SLOT")
        if (name := slot.get("TIME_SLOT_ID")) and (time := slot.get("TIME_VALUE")) is not None
    }
    tiers = [(tier.get("TIER_ID", ""), tier.findall("ANNOTATION/*")) for tier in document.iterfind("TIER")]
    for _, annotations in tiers:
        _place_slots(annotations, slots)
    by_name = {one.get("ANNOTATION_ID", ""): one for _, annotations in tiers for one in annotations}
    return [
        (tier, one.findtext("ANNOTATION_VALUE") or "", *_times(path, tier, one, by_name, slots))
        for tier, annotations in tiers
        for one in annotations
    ]


def _place_slots(annotations: Sequence[Element], slots: dict[str, float]) -> None:
    """Add to `slots` those without a time that lie, in this tier, between two with one."""
    following = {one.get("TIME_SLOT_REF1", ""): one.get("TIME_SLOT_REF2", "") for one in annotations}
    for first in [slot for slot in following if slot in slots]:
        chain = [first, following[first]]
        while chain[-1] not in slots and chain[-1] in following and len(chain) <= len(following):
            chain.append(following[chain[-1]])
        if chain[-1] in slots:
            start, step = slots[first], (slots[chain[-1]] - slots[first]) / (len(chain) - 1)
            slots.update({slot: start + step * count for count, slot in enumerate(chain[1:-1], 1)})


def _times(
    path: Path, tier: str, one: Element, by_name: Mapping[str, Element], slots: Mapping[str, float]
) -> tuple[float, float]:
    """Start and end of an annotation, or of the one it refers to."""
    where = f"{path} line {one.get(LINE)}: annotation {one.get('ANNOTATION_ID')!r} of tier {tier!r}"
    aligned, passed = one, set()
    while (parent := aligned.get("ANNOTATION_REF")) is not None:
        if parent in passed or parent not in by_name:
            raise BadAnnotations(f"{where} refers to {parent!r}, which leads to no annotation with times")
        passed.add(parent)
        aligned = by_name[parent]
    ends = [aligned.get("TIME_SLOT_REF1", ""), aligned.get("TIME_SLOT_REF2", "")]
    unknown = [slot for slot in ends if slot not in slots]
    if unknown:
        raise BadAnnotations(
            f"{where} has no time: its slot {unknown[0]!r} has none and does not lie between two that have; "
            "align it in ELAN"
        )
    start, end = (slots[slot] for slot in ends)
    if not start < end:
        raise BadAnnotations(f"{where} ends at {end} s, not after its start at {start} s; correct it in ELAN")
    return start, end


def _seconds(path: Path, element: Element, milliseconds: str) -> float:
    try:
        return int(milliseconds) / 1000
    except ValueError:
        raise BadAnnotations(
            f"{path} line {element.get(LINE)}: expected whole milliseconds, found {milliseconds!r}"
        ) from None
