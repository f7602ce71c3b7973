"""The action units (AUs) of the Facial Action Coding System, as data.

Numbers, names and muscles follow Ekman, Friesen & Hager, "Facial Action Coding System: The Manual", 2nd
edition, 2002 (names as in its score sheet); 41, 42 and 44 are units of the 1978 edition that the second one
absorbed into 43 and 7. Head and eye positions (51 to 66) are FACS codes without a muscle of their own.
"""

from dataclasses import dataclass
from typing import Literal

Region = Literal["brows", "eyes", "cheeks", "nose", "mouth corners", "lips", "chin", "jaw", "neck", "head"]
Sides = Literal["paired", "midline", "one side"]


@dataclass(frozen=True)
class ActionUnit:
    """One elementary facial action.

    `muscles` move it; empty for positions. `region` is where its change of appearance is centred. `sides`
    says how it sits on the face: "paired" units have a muscle each side, which usually act together but may
    be scored left or right alone; "midline" units have no side; "one side" units act on one by definition.
    """

    number: int
    name: str
    muscles: tuple[str, ...]
    region: Region
    sides: Sides

    def __str__(self) -> str:
        return f"AU{self.number} ({self.name})"


#: Number, name, muscles, region, sides.
_Row = tuple[int, str, str, Region, Sides]

_UPPER_FACE: tuple[_Row, ...] = (
    (1, "Inner Brow Raiser", "frontalis (pars medialis)", "brows", "paired"),
    (2, "Outer Brow Raiser", "frontalis (pars lateralis)", "brows", "paired"),
    (
        4,
        "Brow Lowerer",
        "depressor glabellae, depressor supercilii, corrugator supercilii",
        "brows",
        "paired",
    ),
    (5, "Upper Lid Raiser", "levator palpebrae superioris, superior tarsal muscle", "eyes", "paired"),
    (6, "Cheek Raiser and Lid Compressor", "orbicularis oculi (pars orbitalis)", "cheeks", "paired"),
    (7, "Lid Tightener", "orbicularis oculi (pars palpebralis)", "eyes", "paired"),
    (41, "Lid Droop", "levator palpebrae superioris (relaxed)", "eyes", "paired"),
    (42, "Slit", "orbicularis oculi", "eyes", "paired"),
    (43, "Eyes Closed", "levator palpebrae superioris (relaxed), orbicularis oculi", "eyes", "paired"),
    (44, "Squint", "orbicularis oculi (pars palpebralis)", "eyes", "paired"),
    (45, "Blink", "levator palpebrae superioris (relaxed), orbicularis oculi", "eyes", "paired"),
    (46, "Wink", "orbicularis oculi", "eyes", "one side"),
)

_LOWER_FACE: tuple[_Row, ...] = (
    (8, "Lips Toward Each Other", "orbicularis oris", "lips", "midline"),
    (9, "Nose Wrinkler", "levator labii superioris alaeque nasi", "nose", "paired"),
    (10, "Upper Lip Raiser", "levator labii superioris (caput infraorbitalis)", "lips", "paired"),
    (11, "Nasolabial Furrow Deepener", "zygomaticus minor", "cheeks", "paired"),
    (12, "Lip Corner Puller", "zygomaticus major", "mouth corners", "paired"),
    (13, "Sharp Lip Puller", "levator anguli oris", "mouth corners", "paired"),
    (14, "Dimpler", "buccinator", "mouth corners", "paired"),
    (15, "Lip Corner Depressor", "depressor anguli oris", "mouth corners", "paired"),
    (16, "Lower Lip Depressor", "depressor labii inferioris", "lips", "paired"),
    (17, "Chin Raiser", "mentalis", "chin", "midline"),
    (18, "Lip Pucker", "incisivii labii superioris, incisivii labii inferioris", "lips", "midline"),
    (19, "Tongue Show", "genioglossus", "lips", "midline"),
    (20, "Lip Stretcher", "risorius, platysma", "mouth corners", "paired"),
    (21, "Neck Tightener", "platysma", "neck", "midline"),
    (22, "Lip Funneler", "orbicularis oris", "lips", "midline"),
    (23, "Lip Tightener", "orbicularis oris", "lips", "midline"),
    (24, "Lip Presser", "orbicularis oris", "lips", "midline"),
    (
        25,
        "Lips Part",
        "depressor labii inferioris, mentalis (relaxed), orbicularis oris (relaxed)",
        "lips",
        "midline",
    ),
    (26, "Jaw Drop", "masseter, temporalis, internal pterygoid (relaxed)", "jaw", "midline"),
    (27, "Mouth Stretch", "pterygoids, digastric", "jaw", "midline"),
    (28, "Lips Suck", "orbicularis oris", "lips", "midline"),
)

_FURTHER_ACTIONS: tuple[_Row, ...] = (
    (29, "Jaw Thrust", "external pterygoid", "jaw", "midline"),
    (30, "Jaw Sideways", "external pterygoid", "jaw", "one side"),
    (31, "Jaw Clencher", "masseter", "jaw", "paired"),
    (32, "Lip Bite", "masseter, temporalis", "lips", "midline"),
    (33, "Cheek Blow", "buccinator, orbicularis oris", "cheeks", "paired"),
    (34, "Cheek Puff", "buccinator (relaxed), orbicularis oris", "cheeks", "paired"),
    (35, "Cheek Suck", "buccinator", "cheeks", "paired"),
    (36, "Tongue Bulge", "genioglossus", "cheeks", "one side"),
    (37, "Lip Wipe", "genioglossus", "lips", "midline"),
    (38, "Nostril Dilator", "nasalis (pars alaris)", "nose", "paired"),
    (39, "Nostril Compressor", "nasalis (pars transversa), depressor septi nasi", "nose", "paired"),
)

_POSITIONS: tuple[_Row, ...] = (
    (51, "Head Turn Left", "", "head", "midline"),
    (52, "Head Turn Right", "", "head", "midline"),
    (53, "Head Up", "", "head", "midline"),
    (54, "Head Down", "", "head", "midline"),
    (55, "Head Tilt Left", "", "head", "midline"),
    (56, "Head Tilt Right", "", "head", "midline"),
    (57, "Head Forward", "", "head", "midline"),
    (58, "Head Back", "", "head", "midline"),
    (61, "Eyes Turn Left", "", "eyes", "paired"),
    (62, "Eyes Turn Right", "", "eyes", "paired"),
    (63, "Eyes Up", "", "eyes", "paired"),
    (64, "Eyes Down", "", "eyes", "paired"),
    (65, "Walleye", "", "eyes", "paired"),
    (66, "Cross-eye", "", "eyes", "paired"),
)

#: Every action unit, by its FACS number, in ascending order.
ACTION_UNITS: dict[int, ActionUnit] = {
    number: ActionUnit(number, name, tuple(muscles.split(", ")) if muscles else (), region, sides)
    for number, name, muscles, region, sides in sorted(
        _UPPER_FACE + _LOWER_FACE + _FURTHER_ACTIONS + _POSITIONS
    )
}
