import torch

from facsight.nn.channel_style import ChannelStyle


def test_it_changes_nothing_at_first(generator):
    maps = torch.randn(2, 3, 4, 5, generator=generator)
    assert torch.equal(ChannelStyle(3)(maps), maps)


def test_maps_are_changed_the_same_at_all_places(generator):
    maps, style = torch.randn(2, 3, 4, 5, generator=generator), ChannelStyle(3)
    style.set(torch.tensor([2.0, 0.5, 1.0]), torch.tensor([0.0, 1.0, -1.0]))
    changed = style(maps)
    for y, x in ((0, 0), (3, 4)):
        assert torch.equal(changed[:, :, y, x], style(maps[:, :, y, x]))
    assert torch.equal(changed[:, 1], maps[:, 1] * 0.5 + 1)
