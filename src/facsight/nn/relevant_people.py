"""Whom to learn from for one person: the source people who look most like them to a network."""

import torch

from facsight.core.errors import BadPeople
from facsight.core.people import People, Unlabelled
from facsight.functional.discrepancy import closeness
from facsight.nn.split_network import SplitNetwork, pooled


@torch.no_grad()
def relevant_people(network: SplitNetwork, people: People, target: Unlabelled, *, count: int) -> People:
    """The rows of the `count` people whose mean features point most nearly where the target's do.

    By `functional.discrepancy.closeness` of pooled features; labels of nobody are looked at, so that people
    who look like the target and are labelled wrongly are kept. Numbers and names of persons stay. The choice
    of source subjects of Zeeshan et al., "Subject-based domain adaptation for facial expression recognition",
    FG 2024, by the likeness of their progressive form (arXiv 2504.04252). `BadPeople` where there are fewer.
    """
    seen, own = (network.encode_all(each.inputs, then=pooled) for each in (people, target))
    known, close = closeness(seen, people.person.to(seen.device), own)
    if not 1 <= count <= len(known):
        raise BadPeople(f"expected 1 to {len(known)} relevant source people, found {count}")
    chosen = known[close.topk(count).indices].to(people.person.device)
    return people.take(torch.isin(people.person, chosen))
