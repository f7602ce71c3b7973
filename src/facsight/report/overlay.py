"""One face's evidence as a picture: the face, where the reader looked, where the action units act, why."""

import textwrap

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

from facsight.analysis.evidence import Evidence
from facsight.analysis.looking import place
from facsight.analysis.reading import Reading
from facsight.report.pictures import attention_picture, unit_picture

#: Pixels: the side of each panel, the space around them, the height of a line of text.
SIDE, GAP, LINE = 320, 16, 24
_INK, _PAPER = (24, 28, 34), (251, 250, 248)


def overlay(
    photo: UInt8[np.ndarray, "h w 3"], reading: Reading, evidence: Evidence
) -> UInt8[np.ndarray, "height width 3"]:
    """The panels side by side with captions, and below them the evidence in words.

    `evidence` is the reading's own, or what `reading.evidence.about(...)` gave for another class.
    """
    face = place(reading.landmarks, reading.box, SIDE).crop(photo)
    looked = "where the reader looked" if evidence.kind == "attention" else f"what spoke for {evidence.label}"
    panels = [("the face, turned upright", face), (looked, attention_picture(face, evidence.attention))]
    if evidence.au_map is not None:
        panels.append((f"action units of {evidence.label}", unit_picture(face, evidence.au_map)))
    width = GAP + len(panels) * (SIDE + GAP)
    words = textwrap.wrap(evidence.sentence, width=width // 9)
    height = GAP + SIDE + LINE + GAP + len(words) * LINE + GAP
    sheet = Image.new("RGB", (width, height), _PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(17)
    for number, (caption, panel) in enumerate(panels):
        left = GAP + number * (SIDE + GAP)
        sheet.paste(Image.fromarray(panel), (left, GAP))
        pen.text((left, GAP + SIDE + 4), caption, fill=_INK, font=font)
    for number, line in enumerate(words):
        pen.text((GAP, GAP + SIDE + LINE + GAP + number * LINE), line, fill=_INK, font=font)
    return np.asarray(sheet)
