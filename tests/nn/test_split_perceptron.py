import torch

from facsight.nn.split_perceptron import split_perceptron


def test_rows_become_logits_and_their_scale_does_not_matter(generator):
    rows = torch.randn(50, 4, generator=generator) * torch.tensor([1.0, 10.0, 100.0, 0.1]) + 7
    said = []
    for factor in (1.0, 1000.0):
        torch.manual_seed(0)
        network = split_perceptron((4,), classes=3, size=8)
        network.encoder.fit(rows * factor)
        said.append(network.eval()(rows * factor))
    assert said[0].shape == (50, 3)
    torch.testing.assert_close(said[0], said[1])


def test_it_says_of_its_features_how_many_there_are():
    assert split_perceptron((4,), classes=3, size=8).channels == 8
