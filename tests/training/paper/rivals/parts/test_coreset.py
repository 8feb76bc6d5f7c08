import torch

from training.paper.rivals.parts.coreset import coreset


def test_one_point_of_each_cluster_comes_first():
    generator = torch.Generator().manual_seed(0)
    centres = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])
    sizes = torch.tensor([500, 20, 5, 1])
    clusters = torch.repeat_interleave(torch.arange(4), sizes)
    points = centres[clusters] + 0.3 * torch.randn(len(clusters), 2, generator=generator)
    assert sorted(clusters[coreset(points, 4, generator)].tolist()) == [0, 1, 2, 3]


def test_it_covers_better_than_chance():
    generator = torch.Generator().manual_seed(1)
    points = torch.randn(2000, 2, generator=generator)

    def radius(indices):
        return float(torch.cdist(points, points[indices]).amin(dim=1).max())

    chosen = coreset(points, 50, generator)
    assert len(set(chosen.tolist())) == 50
    assert radius(chosen) < 0.8 * radius(torch.randperm(2000, generator=generator)[:50])
