"""A Gaussian distribution of features at every position (PaDiM, section 3.2)."""

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

# PaDiM, equation 1: keeps every covariance invertible, however few photographs there are.
_REGULARIZATION = 0.01


class GaussianField(NamedTuple):
    """One Gaussian a position.

    Attributes:
        mean: float32 (positions, channels).
        whitening: Inverses of the covariances' Cholesky factors, float32 (positions, channels, channels).
    """

    mean: Tensor
    whitening: Tensor

    def distance(self, features: Tensor) -> Tensor:
        """Mahalanobis distance of features from the Gaussian of their position.

        Args:
            features: float32 (positions, channels).

        Returns:
            float32 (positions,).
        """
        whitened = torch.bmm(self.whitening, (features - self.mean)[..., None])
        return whitened.square().sum(dim=(1, 2)).sqrt()


def fit_gaussians(batches: Iterable[Tensor]) -> GaussianField:
    """Estimate mean and covariance at every position in one pass.

    Args:
        batches: Features of some photographs, each float32 (photographs, positions, channels); at least two
            photographs in all.

    Returns:
        The field; covariances are unbiased, plus 0.01 on their diagonals.

    Raises:
        ValueError: There are fewer than two photographs.
    """
    count, origin, total, products = 0, torch.empty(0), torch.empty(0), torch.empty(0)
    for batch in batches:
        if count == 0:
            # Sums of what is left after a rough mean keep their digits.
            origin = batch.mean(dim=0)
            total = torch.zeros_like(origin)
            products = origin.new_zeros(*origin.shape, origin.shape[1])
        rest = (batch - origin).transpose(0, 1)  # (positions, photographs, channels)
        total += rest.sum(dim=1)
        products.baddbmm_(rest.transpose(1, 2), rest)
        count += len(batch)
    if count < 2:
        raise ValueError("a covariance needs two photographs")
    shift = total / count
    products.baddbmm_(shift[:, :, None], shift[:, None, :], alpha=-count).div_(count - 1)
    products.diagonal(dim1=1, dim2=2).add_(_REGULARIZATION)
    return GaussianField(origin + shift, _inverse_cholesky(products))


def _inverse_cholesky(covariance: Tensor) -> Tensor:
    identity = torch.eye(covariance.shape[-1], device=covariance.device)
    factor = torch.linalg.cholesky(covariance)
    inverse: Tensor = torch.linalg.solve_triangular(factor, identity, upper=False)
    return inverse
