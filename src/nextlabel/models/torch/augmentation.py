"""Batches of pictures, turned, shifted and mirrored at random, all in one pass over tensors."""

import math

import torch
from torch import Tensor
from torch.nn import functional

TURN = 15.0  # degrees, most, either way
SHIFT = 0.1  # of the side, most, in each direction
TURNED, SHIFTED, MIRRORED = 0.7, 0.7, 0.5  # shares of pictures


def augment(pictures: Tensor) -> Tensor:
    """Pictures (B, 3, S, S), each moved by a draw of its own; what comes in from outside is the picture mirrored.

    Draws from torch's global generator.
    """
    # One resampling for turn, shift and mirror together: three would blur three times, and cost as much.
    grid = functional.affine_grid(_moves(len(pictures), pictures.device), list(pictures.shape), align_corners=False)
    moved = functional.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)
    return moved.contiguous(memory_format=torch.channels_last)  # as convolutions on a processor like it best


def _moves(count: int, device: torch.device) -> Tensor:
    """Affine maps (B, 2, 3) from places in the result to places in the picture, which reaches from -1 to 1."""
    draw = torch.rand(7, count, device=device)  # angle, whether; shift x, y, whether; mirror; one to spare
    angle = math.radians(TURN) * (2 * draw[0] - 1) * (draw[1] < TURNED)
    shift = 2 * SHIFT * (2 * draw[2:4] - 1) * (draw[4] < SHIFTED)  # (2, B)
    mirror = 1 - 2.0 * (draw[5] < MIRRORED)
    cos, sin = angle.cos(), angle.sin()
    rows = [torch.stack([mirror * cos, -sin, shift[0]], 1), torch.stack([mirror * sin, cos, shift[1]], 1)]
    return torch.stack(rows, 1)
