"""A few points that stand for many (PatchCore, section 3.2)."""

import torch
from torch import Tensor


def coreset(points: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Choose points so that no other lies far from all of them, by greedy k-center search.

    Args:
        points: float32 (N, channels), on any device.
        count: How many to choose, at most N.
        generator: Draws the first point; on the CPU.

    Returns:
        Indices of the chosen points, int64 (count,), in the order in which they were chosen.
    """
    squares = points.square().sum(dim=1)
    chosen = torch.randint(len(points), (1,), generator=generator).to(points.device)
    distance = torch.full_like(squares, torch.inf)
    indices = [chosen]
    for _ in range(count - 1):
        # Squared distances from the latest point, without a second copy of all points.
        latest = squares - 2 * (points @ points[chosen[0]]) + squares[chosen]
        distance = torch.minimum(distance, latest)
        chosen = distance.argmax()[None]
        indices.append(chosen)
    return torch.cat(indices)
