"""Sentences of a dataset as recordings of one step: the numbers of their tokens, and their labels.

So a text is read, fused, trained on and scored as any other modality is.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import torch

from facsight.core.errors import BadLabels, BadRecipe, MissingData, UnknownName, did_you_mean
from facsight.core.installed import published_folder
from facsight.data.dataset import Dataset
from facsight.data.opening import open_dataset
from facsight.data.recordings import StreamCard, check_versions
from facsight.data.sequence_set import Recording, SequenceSet, label_rows

#: The only modality of texts.
TEXT = "text"


def load_texts(
    folder: str | Path,
    *,
    modalities: Mapping[str, int],
    dataset: str,
    tokenizer: str,
    split: str | None = None,
    tokens: int = 64,
    before: int = 0,
    wanted: Mapping[str, StreamCard] | None = None,
) -> tuple[SequenceSet, dict[str, StreamCard]]:
    """The labelled texts of a split of a dataset, each a recording of one step, and what their tokens are.

    `modalities` is "text" and nothing else. `dataset` is one with texts ("meld", "emobank"), or "manifest", a
    list with a column `text`. `tokenizer` is a local folder, a name of a hub, or `@package/folder`; that of
    the encoder's weights. Of a text that is longer than `tokens` the last so many are read. `before` puts so
    many earlier texts of the same dialogue (`video`) before each, a line each, whoever speaks first. A text
    without a word is known nowhere. `wanted` are the tokens that a model was trained on: others are
    refused.

    A step is the numbers of its tokens plus 1, and 0 where there is none (`nn.encoders.transformers_text`).
    """
    if tokens < 3 or before < 0:
        raise BadRecipe(f"expected tokens of 3 or more, before of 0 or more, found {tokens} and {before}")
    for name in modalities:
        if name != TEXT:
            raise MissingData(f"texts have no modality {name!r}: {did_you_mean(name, [TEXT])}")
    data = open_dataset(dataset, folder, sealed=split != "test")
    if "text" not in data.table.columns or data.table["text"].is_null().all():
        raise MissingData(f"{dataset} in {folder} has no texts; take a dataset of texts, or a column `text`")
    read = open_tokenizer(tokenizer)
    texts = with_earlier(data.table, before)
    chosen = data.split(split) if split else data
    wholes = [texts[sample] for sample in chosen.table["sample"]]
    rows, cut = token_rows(read, wholes, tokens)
    card = _card(read, tokens, before, f"{cut} of {len(wholes)} texts are longer: their last part is read")
    check_versions({TEXT: card}, wanted or {}, str(folder))
    recordings = tuple(_recordings(chosen, rows))
    if not recordings:
        raise BadLabels(f"{dataset} in {folder} has no labelled text in {split or 'any split'}")
    return SequenceSet(f"{dataset}-{split or 'all'}", 1.0, chosen.spaces, recordings), {TEXT: card}


def with_earlier(table: pl.DataFrame, before: int) -> dict[str, str]:
    """The text of each sample after up to so many earlier ones of its dialogue, a line each, each by whom.

    A sample without a dialogue, or with `before` of 0, has its own text alone, and nobody's name.
    """
    texts: dict[str, str] = {}
    earlier: dict[str, list[str]] = {}
    columns = [
        pl.col(name) if name in table.columns else pl.lit(None, pl.String).alias(name)
        for name in ("sample", "video", "subject", "text")
    ]
    for sample, dialogue, speaker, text in table.select(columns).iter_rows():
        own = (text or "").strip()
        if not before or dialogue is None:
            texts[sample] = own
            continue
        line = f"{speaker}: {own}" if speaker else own
        past = earlier.setdefault(dialogue, [])
        texts[sample] = "\n".join([*past[-before:], line]) if own else ""
        past.append(line)
    return texts


def token_rows(tokenizer: Any, texts: Sequence[str], tokens: int) -> tuple[torch.Tensor, int]:
    """The numbers of each text's tokens plus 1, padded with 0, (text, token), and how many texts were cut.

    Of a longer text the last tokens are kept, within the tokenizer's own marks of beginning and end. A text
    without a word is a row of 0.
    """
    rows, cut = torch.zeros(len(texts), tokens), 0
    for row, text in zip(rows, texts, strict=True):
        if not text:
            continue
        numbers = tokenizer(text, truncation=True, max_length=tokens + 1)["input_ids"]
        if len(numbers) > tokens:
            numbers, cut = tokenizer(text, truncation=True, max_length=tokens)["input_ids"], cut + 1
        row[: len(numbers)] = torch.tensor(numbers, dtype=torch.float32) + 1
    return rows, cut


def open_tokenizer(name: str) -> Any:
    """A tokenizer of `transformers`: a local folder, a name of a hub, or `@package/folder`.

    Of a text that is too long it keeps the last part. `UnknownName` where there is none.
    """
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(published_folder(name), truncation_side="left")
    except (OSError, ValueError, KeyError) as error:
        raise UnknownName(f"no tokenizer could be loaded from {name!r}: {error}") from error


def _card(tokenizer: Any, tokens: int, before: int, about: str) -> StreamCard:
    """What the tokens are; the version changes with the words, their numbers and what is before a text."""
    told = json.dumps([sorted(tokenizer.get_vocab().items()), tokens, before])
    version = hashlib.sha256(told.encode()).hexdigest()[:12]
    return StreamCard(TEXT, "tokens", version, (tokens,), None, f"up to {tokens} tokens; {about}")


def _recordings(data: Dataset, rows: torch.Tensor):
    """Each text that has a label."""
    labels = {space.name: label_rows(data.table, space) for space in data.spaces}
    people = data.table["subject"] if "subject" in data.table.columns else [None] * len(data.table)
    for k, (sample, who) in enumerate(zip(data.table["sample"], people, strict=True)):
        truth = {name: rows_of[k] for name, rows_of in labels.items()}
        if any(row.isfinite().any() for row in truth.values()):
            there = rows[k : k + 1]
            yield Recording(sample, who, {TEXT: there}, {TEXT: (there > 0).any(dim=1)}, truth)
