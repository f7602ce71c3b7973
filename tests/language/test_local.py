"""A local model's choice, against all its continuations written out one by one."""

import itertools
import math

import pytest
import torch

from facsight.core.errors import BadRecipe, UnknownName
from facsight.language.local import LocalModel
from facsight.language.model import Reply
from tiny_language import save_causal, save_tokenizer

WORDS = ["good", "very", "bad", "day", "user:", "says"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("causal")
    save_causal(root, len(save_tokenizer(root, WORDS)))
    return str(root)


def chat(text):
    return [{"role": "user", "content": text}]


@torch.no_grad()
def test_shares_are_those_of_whole_replies(folder):
    """Slowly: the probability of each word after all before it, and of the end, by a reading each."""
    model = LocalModel(folder)
    labels = ["good", "very bad"]
    (reply,) = model.answer([chat("day says")], labels)
    numbers = {word: k for k, word in enumerate(["<s>", "</s>", "<unk>", *WORDS])}
    logs = []
    for label in labels:
        past, total = [numbers[w] for w in ("<s>", "day", "says")], 0.0
        for word in [*label.split(), "</s>"]:
            logits = model.network(input_ids=torch.tensor([past])).logits[0, -1]
            total += float(logits.log_softmax(dim=0)[numbers[word]])
            past.append(numbers[word])
        logs.append(total)
    shares = [math.exp(one) / sum(map(math.exp, logs)) for one in logs]
    assert reply.shares == pytest.approx(shares, abs=1e-5)
    assert reply.label == labels[logs.index(max(logs))]
    assert reply.read == 3


@torch.no_grad()
def test_replies_end(folder):
    """Probabilities of all replies of up to two words and their end leave less than what goes on: below 1."""
    model = LocalModel(folder)
    words = ["<unk>", *WORDS]
    labels = [*words, *(" ".join(pair) for pair in itertools.product(words, repeat=2))]
    own = model._numbers(chat("day"))
    total = sum(
        math.exp(model._log_share(own, [*model.tokenizer(label, add_special_tokens=False)["input_ids"], 1]))
        for label in labels
    )
    assert 0 < total < 1


def test_a_reply_does_not_depend_on_its_batch(folder):
    model = LocalModel(folder)
    both = model.answer([chat("day"), chat("very good day")], ["good", "bad"])
    assert both[1] == model.answer([chat("very good day")], ["good", "bad"])[0]
    assert isinstance(both[0], Reply)


def test_a_chat_that_is_too_long_is_refused(folder):
    model = LocalModel(folder, longest=5)
    with pytest.raises(BadRecipe, match="11 tokens, at most 5"):
        model.answer([chat("day " * 10)], ["good", "bad"])


def test_a_model_that_is_not_there_or_of_another_kind_is_told(tmp_path, folder):
    with pytest.raises(UnknownName, match="no causal language model"):
        LocalModel(str(tmp_path / "nowhere"))
    (tmp_path / "config.json").write_text('{"model_type": "vit"}')
    with pytest.raises(UnknownName, match="no causal language model"):
        LocalModel(str(tmp_path))
    with pytest.raises(BadRecipe, match="found 'four'"):
        LocalModel(folder, precision="four")
