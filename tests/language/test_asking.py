"""Replies that are kept, and a command from a list to a score, with replies played back."""

import csv
import json

import pytest

from facsight.cli.app import run
from facsight.core.errors import BadLabels, BadTable
from facsight.core.labels import LabelSpace
from facsight.language import ask, load_prompt
from facsight.language.answers import answer_scores, answer_table
from facsight.language.asking import Answered
from facsight.language.model import Reply
from tiny_language import save_causal, save_tokenizer

LABELS = ["joy", "anger"]


class Played:
    """Says what it was given for a text, and remembers who asked."""

    batch = 2

    def __init__(self, replies, name="played"):
        self.replies, self.name, self.asked = replies, name, []

    def answer(self, chats, labels):
        found = [json.loads(chat[-1]["content"].split("Text: ")[1].split("\n")[0]) for chat in chats]
        self.asked += found
        return [self.replies[text] for text in found]


JOY, ANGER, ODD = Reply("joy", "joy", (0.75, 0.25)), Reply("anger", "anger"), Reply(None, "glee", read=3)
TEXTS = {"a": "one", "b": "two", "c": "", "d": "three"}


def played():
    return Played({"one": JOY, "two": ANGER, "three": ODD})


def test_replies_are_kept_and_not_asked_for_again(tmp_path):
    kept, prompt = tmp_path / "r.jsonl", load_prompt("label")
    first = ask(TEXTS, LABELS, played(), prompt, kept)
    assert first.replies == {"a": JOY, "b": ANGER, "c": None, "d": ODD}
    again = played()
    assert ask(TEXTS, LABELS, again, prompt, kept).replies == first.replies
    assert again.asked == []


def test_another_model_prompt_or_label_is_asked_anew(tmp_path):
    kept, prompt = tmp_path / "r.jsonl", load_prompt("label")
    ask(TEXTS, LABELS, played(), prompt, kept)
    for model, labels, how in (
        (Played(played().replies, "other"), LABELS, prompt),
        (played(), [*LABELS, "fear"], prompt),
        (played(), LABELS, load_prompt("first")),
    ):
        ask(TEXTS, labels, model, how, kept)
        assert model.asked == ["one", "two", "three"]


def test_a_line_that_a_kill_cut_short_is_asked_for_again(tmp_path):
    kept, prompt = tmp_path / "r.jsonl", load_prompt("label")
    whole = ask(TEXTS, LABELS, played(), prompt, kept).replies
    kept.write_bytes(kept.read_bytes()[:-20])
    model = played()
    assert ask(TEXTS, LABELS, model, prompt, kept).replies == whole
    assert model.asked == ["three"]
    assert len([json.loads(line) for line in kept.read_text().splitlines()]) == 3


def test_a_damaged_line_is_told(tmp_path):
    kept = tmp_path / "r.jsonl"
    kept.write_text("broken\n")
    with pytest.raises(BadTable, match=r"line 1: expected a reply, found 'broken'"):
        ask(TEXTS, LABELS, played(), load_prompt("label"), kept)


def test_one_label_is_no_question(tmp_path):
    with pytest.raises(BadLabels, match="two labels or more"):
        ask(TEXTS, ["joy"], played(), load_prompt("label"), tmp_path / "r.jsonl")


def test_answers_by_hand():
    """Four texts: joy right, anger for joy, none for anger, anger right.

    joy: F1 = 2 * 1 / (1 said + 2 true) = 2/3; anger: 2 * 1 / (2 + 2) = 1/2; weights are 2 and 2.
    """
    space = LabelSpace("two", ("joy", "anger"))
    answered = Answered({"a": JOY, "b": ANGER, "c": ODD, "d": ANGER}, 4, 1.0)
    truth = {"a": "joy", "b": "joy", "c": "anger", "d": "anger"}
    scores = answer_scores(answered, truth, space, {})
    assert scores["accuracy"]["value"] == pytest.approx(1 / 2)
    assert scores["macro_f1"]["value"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert scores["weighted_f1"]["value"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert scores["most_frequent"] == pytest.approx(1 / 2)
    table = answer_table(answered, space)
    assert table[space.column].to_list() == ["joy", "anger", None, "anger"]
    assert table[space.shares[0]].to_list() == [0.75, None, None, None]


def test_from_a_list_to_a_score(tmp_path, capsys):
    """A tiny random model: what it says is worth nothing, but all of it is there."""
    from facsight.data.sets import meld

    meld.mock(tmp_path / "meld")
    words = ["neutral", "surprise", "fear", "sadness", "happiness", "disgust", "anger"]
    save_causal(tmp_path / "model", len(save_tokenizer(tmp_path / "model", words)))
    command = ["ask", str(tmp_path / "meld"), "--dataset", "meld", "--space", "meld7", "--split", "val"]
    command += ["--model", str(tmp_path / "model"), "--prompt", "first", "--out", str(tmp_path / "out")]
    for asked in (8, 0):
        with pytest.raises(SystemExit) as ended:
            run(command)
        assert ended.value.code in (0, None)
        told = json.loads((tmp_path / "out" / "answers.json").read_text())
        assert told["cost"]["asked now"] == asked
    with (tmp_path / "out" / "answers.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8
    assert {row["emotion"] for row in rows} <= set(words)
    assert told["scores"]["texts"] == 8
    assert "weighted_f1" in capsys.readouterr().out
