"""What each term is worth where it is for something: on planted people, removing it lowers what is right."""

import copy
from dataclasses import replace
from statistics import mean

import pytest
import torch

from facsight.core.people import Adapting
from facsight.core.terms import Terms
from facsight.data.simulated.people import simulate_people
from facsight.methods.adaptation.adversarial import DomainAdversarial
from facsight.methods.adaptation.coral import CorrelationAlignment
from facsight.methods.adaptation.few_labels import FewLabels
from facsight.methods.adaptation.information_maximisation import InformationMaximisation
from facsight.methods.adaptation.mmd import DiscrepancyAlignment
from facsight.methods.adaptation.personalized_feature_translation import (
    PersonalizedTranslation,
    TranslationSources,
)
from facsight.methods.adaptation.progressive_subject_based import ProgressiveSubjectBased
from facsight.methods.adaptation.supervised_people import SupervisedPeople
from facsight.training.adapting import BUDGET, adapt, train_sources
from facsight.training.run_folder import RunFolder
from planted_channels import CLASSES, accuracy, network, neutral, trained, unseen, world
from planted_sources import halves, small_batch, small_network, source_people
from planted_styles import right

PLAN = replace(BUDGET, epochs=10, batch_size=64, rate=3e-3)


def without(kind, *dropped):
    """The method with some of its terms taken out."""

    class Without(kind):
        def objective(self, batch, progress):
            terms = super().objective(batch, progress)
            assert terms.keys() >= set(dropped)
            return Terms({name: 0 * term if name in dropped else term for name, term in terms.items()})

    return Without


def test_a_term_that_is_taken_out_moves_nothing():
    """All of this file rests on it."""
    batch = small_batch()
    whole = DiscrepancyAlignment(small_network())
    cut = without(DiscrepancyAlignment, "discrepancy")(small_network())
    wanted = torch.autograd.grad(whole.objective(batch, 0.0)["expression"], list(whole.parameters()))
    found = torch.autograd.grad(cut.objective(batch, 0.0).total, list(cut.parameters()))
    torch.testing.assert_close(found, wanted)


# --- a target beside source people


def sources_and_stage(seed, folder, chosen=lambda people: people):
    people = chosen(source_people(12, seed=seed))
    stage = train_sources(
        SupervisedPeople(small_network()), people, PLAN, RunFolder(folder / f"s{seed}", ""), seed=seed
    )
    return people, stage.eval().network


def scores(kinds, folder, *, chosen=lambda people: people, **options):
    """Of each kind, the mean over seeds and targets of what is right in clips that were not adapted to."""
    found = {name: [] for name in kinds}
    for seed in range(2):
        people, trained_network = sources_and_stage(seed, folder, chosen)
        for number in (30, 31, 32):
            generator = torch.Generator().manual_seed(seed)
            shown, scored = halves(simulate_people(1, generator=generator, first=number, clips=16))
            for name, kind in kinds.items():
                run = RunFolder(folder / f"{seed}-{number}-{name}", "")
                method = kind(copy.deepcopy(trained_network), **options)
                adapt(method, shown.without_labels(), people, BUDGET, run, seed=seed)
                found[name].append(right(method, scored))
    return {name: mean(values) for name, values in found.items()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "term"),
    [
        (DiscrepancyAlignment, "discrepancy"),
        (CorrelationAlignment, "correlation"),
        (DomainAdversarial, "domain"),
    ],
)
def test_what_aligns_is_worth_something_for_people_who_differ(kind, term, tmp_path):
    found = scores({"whole": kind, "cut": without(kind, term)}, tmp_path)
    assert found["whole"] > found["cut"] + 0.02


def two_expressions_each(people):
    """Every source person shows half of the expressions: the newest alone would make the rest forgotten."""
    return people.take(people.label // 2 == people.person % 2)


@pytest.mark.slow
def test_memory_and_discrepancy_are_worth_something_where_people_show_half_of_it_each(tmp_path):
    terms = ("memory", "discrepancy", "expression")
    kinds = {"whole": ProgressiveSubjectBased}
    kinds |= {f"no {term}": without(ProgressiveSubjectBased, term) for term in terms}
    found = scores(kinds, tmp_path, chosen=two_expressions_each, close=0.0)
    for term in terms:
        assert found["whole"] > found[f"no {term}"] + 0.01, term


# --- a target alone


def steps(method, batch, *, count, rate=1e-2):
    """After so many steps on one batch, with what is guessed renewed at every tenth."""
    optimizer = torch.optim.AdamW([p for p in method.parameters() if p.requires_grad], rate, weight_decay=0.0)
    for step in range(count):
        if step % 10 == 0 and hasattr(method, "refresh"):
            method.refresh(batch.target, step / count)
        method.train().update(batch, optimizer, step / count)
    return method.eval()


@pytest.mark.slow
def test_diversity_keeps_sure_answers_from_becoming_one():
    """People far from the sources, in whom one class has most of the answers at first."""
    kinds = {
        "whole": InformationMaximisation,
        "no diversity": without(InformationMaximisation, "diverse"),
        "sure alone": without(InformationMaximisation, "diverse", "pseudo"),
    }
    found = {name: [] for name in ["unadapted", *kinds]}
    for seed in range(3):
        planted = world(seed, noise=0.5, offset=2.0, sources=4, targets=3)
        source = trained(SupervisedPeople(network()), planted.sources, steps=100)
        for one in planted.targets:
            shown = one.take(torch.arange(0, len(one), 2)).without_labels()
            found["unadapted"].append(accuracy(source, unseen(one)))
            for name, kind in kinds.items():
                method = kind(copy.deepcopy(source.network), classes=CLASSES)
                method = steps(method, Adapting(shown), count=60, rate=2e-2)
                found[name].append(accuracy(method, unseen(one)))
    score = {name: mean(values) for name, values in found.items()}
    assert score["whole"] > score["no diversity"] + 0.05
    # without both, answers become fewer; pseudo-labels hold some of them apart
    assert score["sure alone"] < score["unadapted"]
    assert score["no diversity"] > score["sure alone"] + 0.05


@pytest.mark.slow
def test_staying_keeps_classes_that_no_clip_shows():
    """Labels of four clips, all of one class."""
    found = {0.1: [], 0.0: []}
    for seed in range(3):
        planted = world(seed, offset=0.7)
        source = trained(SupervisedPeople(network()), planted.sources)
        for one in planted.targets:
            for staying, values in found.items():
                method = FewLabels(copy.deepcopy(source.network), staying=staying)
                optimizer = torch.optim.AdamW(
                    [p for p in method.parameters() if p.requires_grad], 1e-2, weight_decay=0.0
                )
                for _ in range(100):
                    method.update(one.take(torch.arange(4)), optimizer, 0.0)
                values.append(accuracy(method, unseen(one)))
    assert mean(found[0.1]) > mean(found[0.0]) + 0.1


# --- translation of features


def translated(source, clip, *, expression=1.0, staying=True):
    """A person, from a clip; without staying, whatever the clip is like is believed."""
    own = copy.deepcopy(source)
    method = PersonalizedTranslation(own.network, source=own, expression=expression)
    method.begin(clip, None)
    if not staying:
        method.people_differ.fill_(1e9)
        method.spread = 1e3
        method._start()
    optimizer = torch.optim.AdamW(method.own.parameters(), 1e-2, weight_decay=0.0)
    for step in range(20):
        method.train().update(Adapting(clip), optimizer, step / 20)
    return method.eval()


def over_people(make):
    """The mean over seeds and targets of what is right, by what `make` gives of a stage and a person."""
    found = {}
    for seed in range(3):
        planted = world(seed)
        stage = TranslationSources(network(), classes=CLASSES, persons=12, neutral=0)
        source = trained(stage, planted.sources)
        for one in planted.targets:
            for name, method in make(source, one).items():
                found.setdefault(name, []).append(accuracy(method, unseen(one)))
    return {name: mean(values) for name, values in found.items()}


@pytest.mark.slow
def test_keeping_expressions_holds_against_a_clip_that_is_not_neutral():
    def make(source, one):
        smiling = one.take(torch.arange(16, 24)).without_labels()
        return {weight: translated(source, smiling, expression=weight) for weight in (1.0, 0.0)}

    found = over_people(make)
    assert found[1.0] > found[0.0] + 0.03


@pytest.mark.slow
def test_staying_holds_against_the_chance_of_two_frames():
    def make(source, one):
        clip = neutral(one).take(torch.arange(2))
        return {staying: translated(source, clip, staying=staying) for staying in (True, False)}

    found = over_people(make)
    assert found[True] > found[False] + 0.05
