"""Figures: data in, pictures in both themes out.

A `Picture` holds two PNGs, ``light`` and ``dark``, and words for those who do not see it. `learning_curves` and
`asking_map` draw a run; a figure of your own is a function of a `Theme`, which `paint` draws in both:

    def draw(theme: Theme) -> Figure:
        figure = sheet(2.0, theme)                       # 11 inches wide, 2 high
        clear_axes(figure.add_axes((0, 0, 1, 1)), theme).plot([0, 1], color=theme.ink)
        return figure

    paint("line", "A line from 0 to 1.", draw).light   # PNG bytes
"""

from nextlabel.report.drawing.curves import learning_curves
from nextlabel.report.drawing.maps import asking_map, project
from nextlabel.report.drawing.themes import (
    DARK,
    LIGHT,
    WIDE,
    Picture,
    Theme,
    choose_looks,
    clear_axes,
    paint,
    sheet,
    shrink,
    style_axes,
)

__all__ = [
    "DARK",
    "LIGHT",
    "WIDE",
    "Picture",
    "Theme",
    "asking_map",
    "choose_looks",
    "clear_axes",
    "learning_curves",
    "paint",
    "project",
    "sheet",
    "shrink",
    "style_axes",
]
