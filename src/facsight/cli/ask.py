"""`facsight ask`: a language model is asked about texts, and its answers are held to a label space."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from facsight.language.model import LanguageModel


def ask(
    folder: Annotated[Path, typer.Argument(help="A dataset with texts, or a folder with manifest.csv.")],
    space: Annotated[str, typer.Option(help="The label space of the answers, such as meld7.")],
    dataset: Annotated[str, typer.Option(help="Which dataset it is: meld, manifest, ...")] = "manifest",
    split: Annotated[str | None, typer.Option(help="Which part: train, val or test; all without.")] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="A causal language model: a local folder, a hub's name, or with --server its name."
        ),
    ] = None,
    server: Annotated[
        str | None, typer.Option(help="An OpenAI-compatible server, such as http://localhost:8080/v1.")
    ] = None,
    remote: Annotated[
        bool, typer.Option("--remote", help="Allow a server on another machine: texts are sent there.")
    ] = False,
    prompt: Annotated[str, typer.Option(help="A prompt by name (label, first), or a .toml file.")] = "label",
    precision: Annotated[
        str, typer.Option(help="Of a local model: float32, bfloat16 or nf4 (four bits).")
    ] = "float32",
    limit: Annotated[int | None, typer.Option(help="Ask about so many texts, the first.", min=1)] = None,
    out: Annotated[Path, typer.Option(help="The folder for answers and replies.")] = Path("answers"),
) -> None:
    """Ask a language model which label fits each text, without training it (zero-shot).

    A local model chooses among the labels by their probabilities; a server's reply may be none of them, and
    is then counted as wrong. Replies are kept: the same command goes on. What the answers are worth is
    printed where the dataset has labels. The key of a server is read from FACSIGHT_LANGUAGE_KEY.

    Example: facsight ask meld --dataset meld --space meld7 --split val --model MODEL --out answers

    Example: facsight ask texts --space meld7 --server http://localhost:8080/v1 --model qwen3
    """
    from facsight.cli.progress import counter
    from facsight.core.errors import BadRecipe, MissingData
    from facsight.core.labels import label_space
    from facsight.data.opening import open_dataset
    from facsight.language import ask as ask_each
    from facsight.language import cost_of, load_prompt
    from facsight.language.answers import answer_scores, answer_table, labels_of
    from facsight.training.run_folder import write_whole

    labels = label_space(space)
    if labels.kind != "classes":
        raise BadRecipe(f"{space} has {labels.kind}: a model is asked for one of some classes")
    data = open_dataset(dataset, folder, sealed=split != "test")
    table = (data.split(split) if split else data).table[:limit]
    if "text" not in table.columns or table["text"].is_null().all():
        raise MissingData(f"{dataset} in {folder} has no texts: it needs a column `text`")
    texts = {sample: text or "" for sample, text in table.select("sample", "text").iter_rows()}
    chosen = _model(model, server, remote, precision)
    with counter("asking") as on_reply:
        answered = ask_each(
            texts, labels.classes, chosen, load_prompt(prompt), out / "replies.jsonl", on_reply=on_reply
        )
    answer_table(answered, labels).write_csv(out / "answers.csv")
    told: dict[str, Any] = {"model": chosen.name, "prompt": prompt, "cost": cost_of(answered)}
    if truth := labels_of(table, labels):
        people = dict(table.select("sample", "subject").iter_rows()) if "subject" in table.columns else {}
        told["scores"] = answer_scores(answered, truth, labels, people)
    write_whole(out / "answers.json", _as_json(told))
    _print(told)
    typer.echo(f"answers: {out / 'answers.csv'}")


def _model(model: str | None, server: str | None, remote: bool, precision: str) -> "LanguageModel":
    from facsight.core.errors import BadRecipe

    if model is None:
        raise BadRecipe("say which model with --model: a folder, a hub's name, or the name a server knows")
    if server is None:
        from facsight.language.local import LocalModel

        return LocalModel(model, precision=precision)
    from facsight.language.server import Server

    return Server(server, model, remote=remote)


def _as_json(told: dict[str, Any]) -> str:
    import json

    return json.dumps(told, indent=2) + "\n"


def _print(told: dict[str, Any]) -> None:
    for name, value in told["cost"].items():
        typer.echo(f"{name}: {value}")
    for name, found in told.get("scores", {}).items():
        if isinstance(found, dict):
            ends = found["interval"]
            typer.echo(
                f"{name}: {found['value']:.4f}" + (f" ({ends[0]:.4f} to {ends[1]:.4f})" if ends else "")
            )
        else:
            typer.echo(f"{name}: {found:.4f}" if isinstance(found, float) else f"{name}: {found}")
