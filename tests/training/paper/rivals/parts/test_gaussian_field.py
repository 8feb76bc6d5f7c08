import numpy as np
import pytest
import torch
from scipy.spatial.distance import mahalanobis

from training.paper.rivals.parts.gaussian_field import fit_gaussians


def test_distances_are_those_of_scipy_position_by_position():
    generator = np.random.default_rng(0)
    mixing = generator.normal(size=(5, 3, 3))
    # Far from the origin, where plain sums of squares lose their digits.
    features = 50 + np.einsum("npc,pcd->npd", generator.normal(size=(20, 5, 3)), mixing)
    field = fit_gaussians(torch.tensor(features, dtype=torch.float32).split(6))
    query = features[0] + generator.normal(size=(5, 3))
    distances = field.distance(torch.tensor(query, dtype=torch.float32))
    for position in range(5):
        covariance = np.cov(features[:, position], rowvar=False) + 0.01 * np.eye(3)
        expected = mahalanobis(query[position], features[:, position].mean(axis=0), np.linalg.inv(covariance))
        assert float(distances[position]) == pytest.approx(expected, rel=1e-3)


def test_one_photograph_has_no_covariance():
    with pytest.raises(ValueError, match="two photographs"):
        fit_gaussians([torch.zeros(1, 4, 3)])
