"""Texts from a list to a score: a word that tells the class is learnt, by the door of recordings."""

from pathlib import Path

import pytest
import torch

from facsight.core.errors import BadCheckpoint
from facsight.nn.weights import load_tensors
from facsight.recipe import read_recipe
from facsight.sequence_experiment import score_sequences, train_sequences
from tiny_language import save_llama, save_tokenizer

RECIPE = Path(__file__).parent.parent / "recipes" / "text" / "textualized_llm.toml"
TELLING = {"joy": "sunny", "anger": "stormy", "sadness": "rainy"}
FILLING = ["the", "day", "was", "long", "and", "we", "left"]
HEADER = (
    "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime"
)


def write_split(folder, name, count, seed):
    """Utterances of six words, one of which tells the emotion, at a place drawn at random."""
    draw = torch.Generator().manual_seed(seed)
    lines = []
    for k in range(count):
        emotion = list(TELLING)[int(torch.randint(3, (), generator=draw))]
        words = [FILLING[i] for i in torch.randint(len(FILLING), (6,), generator=draw).tolist()]
        words[int(torch.randint(6, (), generator=draw))] = TELLING[emotion]
        place = f'{k // 4},{k % 4},1,1,"00:00:01,0","00:00:02,0"'
        lines.append(f"{k + 1},{' '.join(words)},P{k % 5},{emotion},neutral,{place}")
    (folder / f"{name}_sent_emo.csv").write_text("\n".join([HEADER, *lines]) + "\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("texts")
    write_split(root, "train", 240, 0)
    write_split(root, "dev", 60, 1)
    save_llama(root / "model", len(save_tokenizer(root / "model", [*FILLING, *TELLING.values()])))
    return root


def recipe(folder, *changes):
    model = (folder / "model").as_posix()
    shared = [f'data.tokenizer="{model}"', f'modalities.text.pretrained="{model}"', "data.tokens=10"]
    shared += [f'data.folder="{folder.as_posix()}"', 'data.spaces=["meld7"]', "training.batch_size=24"]
    return read_recipe(
        RECIPE, [*shared, 'modalities.text.precision="float32"', "training.rate=2e-2", *changes]
    )


def test_a_language_model_learns_the_word_that_tells(folder, tmp_path):
    run = train_sequences(recipe(folder, "training.epochs=12"), tmp_path / "run")
    scores = score_sequences(run.path)["meld7"]
    assert scores["accuracy"]["value"] > scores["accuracy_of_the_most_frequent"] + 0.3
    assert scores["weighted_f1"]["value"] > 0.7
    tensors, card = load_tensors(run.file("weights.safetensors"))
    assert not any("base_layer" in name or "embed" in name for name in tensors)  # published weights stay out
    assert card["features"]["text"]["extractor"] == "tokens"


def test_a_run_is_refused_on_other_published_weights(folder, tmp_path):
    run = train_sequences(recipe(folder, "training.epochs=1"), tmp_path / "run")
    save_llama(folder / "model", 13, seed=1)
    with pytest.raises(BadCheckpoint, match="other published weights"):
        score_sequences(run.path)
    save_llama(folder / "model", 13)
