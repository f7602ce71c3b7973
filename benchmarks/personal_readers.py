"""Whether a neutral clip helps the reader with real people, what harm does, and what it costs.

    python benchmarks/personal_readers.py

Needs the folder shared/data beside the repository. 52 people of the Face Research Lab London Set, each a
picture at rest and one smiling. A clip is made of the picture at rest by changes that videos make (smaller,
compressed, noisy); what is read are other changes (smaller still, darker, lit from a side) of the picture at
rest, and of the smiling one, of which the adaptation has seen nothing. So the neutral part is easier than
another day would be, and only a smile is tested. Then real clips: five speakers of GRID, adapted on the
first half and read in the second, and a man who rests and then smiles. Intervals are of 2,000 resamplings of
people.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from facsight.analysis.adapting import NEUTRAL_METHODS, TRANSLATING, Adapter, adapt
from facsight.analysis.looking import Look, look_at
from facsight.analysis.reader import Reader, network_input
from facsight.hub import bundled_neutral_people
from facsight.media.photo import Photo
from facsight.media.video import open_video
from facsight.nn.neutral_people import NeutralPeople, both_ways_maps, load_neutral_people
from facsight.nn.personal import MapsHead
from people import CHANGES, CLIPS, SHARED, portraits, width
from record import record

ADAPTED_ON = ("none", "100 pixels", "compressed", "noise")
READ_ON = ("60 pixels", "dark", "lit from a side")
LABELS = ("neutral", "happiness")


@torch.inference_mode()
def features(reader: Reader, looks: list[Look]) -> torch.Tensor:
    crops = np.stack([look.crops[0] for look in looks])
    return both_ways_maps(reader.plain, network_input(crops)).mean(dim=(2, 3))


def seen(reader: Reader) -> dict[tuple[str, str], torch.Tensor]:
    """The features (person, change, channel) of each label, on what is adapted to and on what is read."""
    found: dict[tuple[str, str], list[torch.Tensor]] = {}
    for (_, label), picture in portraits().items():
        face = reader.finder.find(picture)[0]
        for part, changes in (("adapted", ADAPTED_ON), ("read", READ_ON)):
            changed = [np.ascontiguousarray(CHANGES[name](picture, width(face))) for name in changes]
            looks = [look_at(Photo(one, ""), reader.finder, reader.crop_size) for one in changed]
            found.setdefault((label, part), []).append(features(reader, looks))
    return {key: torch.stack(rows) for key, rows in found.items()}


@torch.inference_mode()
def log_probabilities(reader: Reader, rows: torch.Tensor) -> torch.Tensor:
    logits = MapsHead(reader.plain.head)(rows.flatten(0, 1)) / reader.temperature
    return logits.log_softmax(dim=1).unflatten(0, rows.shape[:2])


def scores(reader: Reader, told: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """By person: whether each label is read, its log probability, and log-odds of a smile."""
    found = {}
    for label, one in told.items():
        number = reader.classes.index(label)
        found[f"{label}_read"] = (one.argmax(dim=2) == number).float().mean(dim=1).numpy()
        found[f"{label}_log_probability"] = one[:, :, number].mean(dim=1).numpy()
    return found


def pooled_auc(reader: Reader, told: dict[str, torch.Tensor]) -> float:
    """How well happiness against neutral tells smiles from rest over all people, at one threshold for all."""
    happy, neutral = (reader.classes.index(label) for label in ("happiness", "neutral"))
    odds = {label: (one[:, :, happy] - one[:, :, neutral]).flatten().numpy() for label, one in told.items()}
    truth = np.repeat([0, 1], [len(odds["neutral"]), len(odds["happiness"])])
    return float(roc_auc_score(truth, np.concatenate([odds["neutral"], odds["happiness"]])))


def interval(differences: np.ndarray) -> list[float]:
    """The 95 % percentile interval of the mean over people."""
    generator = np.random.default_rng(0)
    drawn = generator.integers(0, len(differences), (2000, len(differences)))
    return [round(float(v), 4) for v in np.percentile(differences[drawn].mean(axis=1), (2.5, 97.5))]


def compare(reader: Reader, faces: dict, people: NeutralPeople, method: str, taught: str) -> dict:
    """Readings before and after each person was adapted to pictures `taught`, said to be neutral."""
    adapter = Adapter(method, reader, people)
    with torch.no_grad():
        styles = [adapter.style(own) for own in faces[taught, "adapted"]]
        after = {
            label: torch.stack(
                [style(own) for style, own in zip(styles, faces[label, "read"], strict=True)]
            ).detach()
            for label in LABELS
        }
    before_told = {label: log_probabilities(reader, faces[label, "read"]) for label in LABELS}
    after_told = {label: log_probabilities(reader, after[label]) for label in LABELS}
    before, after_scores = scores(reader, before_told), scores(reader, after_told)
    told = {
        name: {
            "before": round(float(before[name].mean()), 4),
            "after": round(float(after_scores[name].mean()), 4),
            "difference_interval": interval(after_scores[name] - before[name]),
            "people_made_worse": round(float((after_scores[name] < before[name]).mean()), 4),
        }
        for name in before
    }
    auc = {"before": pooled_auc(reader, before_told), "after": pooled_auc(reader, after_told)}
    return told | {"pooled_auc_of_smiles": {name: round(value, 4) for name, value in auc.items()}}


def clips(reader: Reader, method: str) -> dict:
    """Real clips: the share of frames read as neutral in the second half, after adapting to the first."""
    found = {}
    for name in CLIPS:
        path = SHARED / "samples" / "video_av" / name
        person = adapt(reader, neutral=path, method=method, span=(0.0, 1.5))
        results = [r for r in reader.for_person(person).read_video(path) if r.at.time >= 1.5]
        readings = [reading for result in results for reading in result.readings]
        after = np.array([reading.expression["neutral"] for reading in readings])
        before = np.array([reading.unadapted["neutral"] for reading in readings])
        found[name] = {
            "neutral_before": round(float(before.mean()), 4),
            "neutral_after": round(float(after.mean()), 4),
        }
    path = SHARED / "samples" / "video" / "pyfeat_single_face.mp4"
    for said, span in (("adapted at rest", (0.0, 0.5)), ("adapted to the smile", (0.7, 2.2))):
        person = adapt(reader, neutral=path, method=method, span=span)
        smiles = [r.readings[0] for r in reader.for_person(person).read_video(path) if 0.7 <= r.at.time < 2.2]
        found[f"rest, then smile: {said}"] = {
            "smile_before": round(float(np.mean([one.unadapted["happiness"] for one in smiles])), 4),
            "smile_after": round(float(np.mean([one.expression["happiness"] for one in smiles])), 4),
            "warnings": sorted(person.warnings),
        }
    return found


def cost(reader: Reader, method: str) -> dict:
    """Seconds to adapt to ten seconds of video, bytes of the file, and what a frame costs more.

    What a frame costs is processor time, least of twelve, so that a busy machine changes little.
    """
    path = SHARED / "samples" / "video" / "fer_woman2.mp4"
    start = time.perf_counter()
    person = adapt(reader, neutral=path, method=method, span=(0.0, 10.0))
    took = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as folder:
        size = person.save(Path(folder) / "p.facsight").file.stat().st_size
    theirs = reader.for_person(person)
    with open_video(path) as video:
        frames = [frame.pixels for _, frame in zip(range(64), video.frames(), strict=False)]
    looks = [look_at(Photo(one, ""), reader.finder, reader.crop_size) for one in frames]
    times: dict[str, list[float]] = {"plain": [], "personal": []}
    for _ in range(12):
        for name, one in (("plain", reader), ("personal", theirs)):
            start = time.process_time()
            one.read_looks(looks)
            times[name].append(time.process_time() - start)
    least = {name: min(values) / len(looks) for name, values in times.items()}
    start = time.process_time()
    for one in frames:
        look_at(Photo(one, ""), reader.finder, reader.crop_size)
    finding = (time.process_time() - start) / len(frames)
    return {
        "clip": "10 s, 30 frames a second, 596 x 336",
        "faces": person.card["data"]["faces"],
        "seconds_to_adapt": round(took, 2),
        "file_bytes": size,
        "milliseconds_a_face_by_the_network": {n: round(1000 * value, 3) for n, value in least.items()},
        "more_by_the_network": round(least["personal"] / least["plain"] - 1, 4),
        "more_a_frame_with_finding": round(
            (least["personal"] - least["plain"]) / (least["plain"] + finding), 4
        ),
    }


def main() -> None:
    torch.set_num_threads(1)
    reader, people = Reader(), load_neutral_people(bundled_neutral_people())
    faces = seen(reader)
    told: dict[str, object] = {"people": len(faces["neutral", "read"])}
    for method in NEUTRAL_METHODS:
        if method == TRANSLATING:
            continue  # its translator has seen these people: see translation.py
        told[method] = compare(reader, faces, people, method, "neutral")
        told[f"{method}, adapted to a smile"] = compare(reader, faces, people, method, "happiness")
    distances = {label: people.distance(faces[label, "adapted"].mean(dim=1)) for label in LABELS}
    told["beyond_usual_distance"] = {
        label: round(float((far > people.usual_distance).float().mean()), 4)
        for label, far in distances.items()
    }
    print(
        record("personal_readers", told | {"clips": clips(reader, NEUTRAL_METHODS[0]), "cost": cost(reader)})
    )


if __name__ == "__main__":
    main()
