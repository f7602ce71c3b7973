"""What recipes can say: their kinds, the sections of each, and a section's options, read from the source."""

import inspect
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, fields, is_dataclass
from importlib import import_module
from typing import Any, get_type_hints

from facsight import catalog
from facsight.core.errors import BadRecipe, did_you_mean
from facsight.data.windows import Groups
from facsight.scoring.steps import ADJUSTMENTS, FILTERS
from facsight.training.people_plan import BASELINES
from facsight.training.plan import BUDGET


@dataclass(frozen=True)
class Kind:
    """What a recipe that trains one kind of method has.

    `named` are sections that name something, and its shelf; `plain` those that are the options of one thing.
    `extra` are options beside those of the thing itself, `supplied` what the front desk gives, `defaults`
    what a section has unless the recipe says otherwise. `sections` are all of them in their order; those of
    `optional` may be left out. `heads` are the shelf of a network's heads, and the usual one.
    """

    name: str
    named: Mapping[str, str]
    plain: Mapping[str, str]
    extra: Mapping[str, Mapping[str, Any]]
    supplied: Mapping[str, Set[str]]
    defaults: Mapping[str, Mapping[str, Any]]
    sections: tuple[str, ...]
    optional: frozenset[str] = frozenset()
    heads: tuple[str, str] = ("heads", "gap")


FACES = Kind(
    "faces",
    named={"data": "datasets", "network": "backbones", "method": "methods"},
    plain={
        "crop": "",
        "augmentation": "facsight.data.crops:Augmentation",
        "guidance": "facsight.facs.guide:Guide",
        "training": "facsight.training.plan:Plan",
    },
    extra={
        "data": {"name": str, "fraction": float, "shuffled_labels": bool},
        "network": {"name": str, "head": str, "dropout": float, "start": str},
        "method": {"name": str},
        "crop": {"size": int},
    },
    supplied={
        "data": {"split"},
        "network": {"backbone", "classes"},
        "method": {"network", "guide"},
        "guidance": {"classes", "weight"},
    },
    defaults={"network": {"name": "small_resnet"}, "crop": {"size": 48}},
    sections=("data", "crop", "augmentation", "network", "method", "guidance", "training"),
)

#: What a method that learns action units may ask for by name in its constructor, beside other options: its
#: network, how much each unit that is there counts, how many people train, and the space of expressions.
SUPPLIED_TO_UNITS = frozenset({"network", "importance", "persons", "space"})

UNITS = Kind(
    "action units",
    named={"data": "unit_datasets", "network": "backbones", "method": "unit_methods"},
    plain={key: FACES.plain[key] for key in ("crop", "augmentation", "training")},
    extra={
        "data": {"name": str, "fraction": float},
        "network": FACES.extra["network"],
        "method": {"name": str},
        "crop": {"size": int},
    },
    supplied={
        "data": {"split"},
        "network": {"backbone", "action_units"},
        "method": SUPPLIED_TO_UNITS,
    },
    defaults=FACES.defaults,
    sections=("data", "crop", "augmentation", "network", "method", "training"),
    heads=("unit_heads", "unit_attention"),
)

SEQUENCES = Kind(
    "sequences",
    named={
        "data": "recordings",
        "fusion": "fusion",
        "temporal": "temporal",
        "method": "sequence_methods",
    },
    plain={
        "modalities": "",
        "windows": "facsight.data.windows:WindowPlan",
        "augmentation": "facsight.data.windows:SequenceAugmentation",
        "network": "facsight.nn.sequence_network:SequenceNetwork",
        "training": "facsight.training.plan:Plan",
        "postprocess": "",
    },
    extra={
        "data": {
            "name": str,
            "fold": int,
            "folds": int,
            "fold_seed": int,
            "protocol": str,
            "scheme": str,
            "spaces": Sequence[str],
            "groups": Groups,
        },
        "fusion": {"name": str},
        "temporal": {"name": str},
        "method": {"name": str},
        "network": {
            "prevalent": Sequence[str],
            "imagine": bool,
            "donors": Sequence[str],
            "donor_dropout": float,
        },
        "postprocess": dict.fromkeys((*FILTERS, *ADJUSTMENTS), dict),
    },
    supplied={
        "data": {"split", "modalities", "wanted", "read"},
        "fusion": {"sizes"},
        "temporal": {"features"},
        "method": {"network", "spaces", "importance"},
        "network": {"fusion", "outputs", "encoders", "temporal"},
    },
    defaults={"fusion": {"name": "concatenation"}},
    optional=frozenset({"temporal", "postprocess"}),
    sections=(
        "data",
        "modalities",
        "windows",
        "augmentation",
        "fusion",
        "temporal",
        "network",
        "method",
        "training",
        "postprocess",
    ),
)

#: What a method of adaptation may ask for by name in its constructor, beside other options: its network, the
#: trained source stage, what is kept of source people, and numbers of the data.
SUPPLIED_TO_ADAPTATION = frozenset(
    {"network", "source", "moments", "neutral", "classes", "channels", "persons"}
)

PEOPLE = Kind(
    "people",
    named={
        "data": "people",
        "network": "split_networks",
        "method": "adaptation",
        "source_stage": "source_stages",
    },
    plain={
        "training": "facsight.training.plan:Plan",
        "adapting": "facsight.training.plan:Plan",
        "comparison": "facsight.training.people_plan:PeoplePlan",
    },
    extra={
        "data": {"name": str, "target": str | Sequence[str]},
        "network": {"name": str},
        "method": {"name": str},
        "source_stage": {"name": str},
    },
    supplied={
        "network": {"shape", "classes"},
        "method": SUPPLIED_TO_ADAPTATION,
        "source_stage": SUPPLIED_TO_ADAPTATION,
    },
    defaults={
        "data": {"target": "each"},
        "network": {"name": "split_perceptron"},
        "training": {"optimizer": "adamw", "rate": 3e-3, "average": 0.9, "precision": "no", "batch_size": 64},
        "adapting": asdict(BUDGET),
        "comparison": {"methods": list(BASELINES)},
    },
    optional=frozenset({"source_stage"}),
    sections=("data", "network", "method", "source_stage", "training", "adapting", "comparison"),
)

KINDS = (FACES, UNITS, SEQUENCES, PEOPLE)

#: What the front desk supplies itself, of any kind: no option of a person.
SUPPLIED = {key for kind in KINDS for keys in kind.supplied.values() for key in keys}


def supplied_to(shelf: str) -> Set[str]:
    """What of its options somebody cannot give to a thing on a shelf, as the front desk does."""
    sections = [(kind, section) for kind in KINDS for section, own in kind.named.items() if own == shelf]
    if not sections:
        return SUPPLIED
    return {key for kind, section in sections for key in kind.supplied.get(section, ())}


def kind_of(method: str) -> Kind:
    """The kind of recipe that a method of the catalogue is trained by; `UnknownName` for none."""
    if method in catalog.SEQUENCE_METHODS:
        return SEQUENCES
    if method in catalog.METHODS:
        return FACES
    if method in catalog.UNIT_METHODS:
        return UNITS
    if method in catalog.ADAPTATION:
        return PEOPLE
    if method in catalog.BOUNDS:
        raise BadRecipe(
            f"{method!r} sees labels of the target: it is a bound and no method; name it in "
            "comparison.bounds (fine_tuning is always there)"
        )
    catalog.load("methods", method)  # tells the nearest known one
    raise AssertionError(method)


def section_options(kind: Kind, section: str, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The options that a section accepts, with their annotations.

    `chosen` are those that it has: its `name`, and a network's `head`, say which others there are.
    """
    options = dict(kind.extra.get(section, {}))
    if section in kind.named:
        named = catalog.load(kind.named[section], chosen["name"])
        options |= signature_options(named)
        if section == "network":
            shelf, usual = kind.heads
            options |= signature_options(catalog.load(shelf, chosen.get("head", usual)))
        if section == "method" and takes_guide(named):
            options["guidance"] = float
        if "importance" in options:
            options["balance"] = (
                float  # how much rare classes and units count: 0 not, 1 as much as all others
            )
        if "teacher" in options:
            options["teacher"] = str  # an earlier stage, or the folder of another run
        return _not_supplied(options, kind, section) | dict(kind.extra.get(section, {}))
    if section not in kind.plain:
        raise BadRecipe(f"there is no section [{section}]: {did_you_mean(section, kind.sections)}")
    if kind.plain[section]:
        module, attribute = kind.plain[section].split(":")
        options |= signature_options(getattr(import_module(module), attribute))
    return _not_supplied(options, kind, section)


def modality_options(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a modality: how many `frames` a step has, and its `encoder` with the encoder's own.

    `start` are weights that an encoder can begin with: a reader's run folder or file, or "bundled".
    """
    options: dict[str, Any] = {"frames": int, "encoder": str}
    if "encoder" in chosen:
        encoder = catalog.load("encoders", chosen["encoder"])
        options |= signature_options(encoder)
        options |= {"start": str} if hasattr(encoder, "start_from") else {}
    return {name: annotation for name, annotation in options.items() if name != "shape"}


def signature_options(thing: Callable[..., Any]) -> dict[str, Any]:
    """Parameter names and annotations of a function, of a class's constructor, or of a dataclass."""
    if is_dataclass(thing):
        return {one.name: one.type for one in fields(thing)}
    function = thing.__init__ if inspect.isclass(thing) else thing
    hints = get_type_hints(function)
    return {name: hints.get(name, Any) for name in inspect.signature(thing).parameters}


def takes_guide(method: Callable[..., Any]) -> bool:
    """Whether a method of the catalogue is guided by action units: its weight then is `method.guidance`."""
    return "guide" in inspect.signature(method).parameters


def _not_supplied(options: Mapping[str, Any], kind: Kind, section: str) -> dict[str, Any]:
    gone = kind.supplied.get(section, set())
    return {name: annotation for name, annotation in options.items() if name not in gone}
