"""Small line charts as SVG writes them: numbers in, points out. The page's style gives them their colours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 300, 120
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 8, 22
Series = tuple[Sequence[float], Sequence[float]]


@dataclass(frozen=True)
class Line:
    """One series: its name, a polyline's points, and those of its band, if it has one."""

    name: str
    points: str
    band: str = ""


@dataclass(frozen=True)
class Chart:
    """A drawing of ``width`` and ``height``: lines, and what stands at the ends of both axes."""

    lines: Sequence[Line]
    across: tuple[str, str]
    up: tuple[str, str]
    width: int = WIDTH
    height: int = HEIGHT


def draw_chart(
    series: Mapping[str, Series],
    bands: Mapping[str, tuple[Sequence[float], Sequence[float]]] | None = None,
    width: int = WIDTH,
    height: int = HEIGHT,
    percent: bool = False,
) -> Chart | None:
    """Series as lines over a common pair of axes; None where nothing has two points.

    >>> chart = draw_chart({"error": ([20, 40], [0.3, 0.1])}, percent=True)
    >>> chart.lines[0].points, chart.across, chart.up
    ('44.0,8.0 292.0,98.0', ('20', '40'), ('10', '30'))
    """
    shown = {name: (list(x), list(y)) for name, (x, y) in series.items() if len(x) > 1}
    if not shown:
        return None
    every_x = [number for x, _ in shown.values() for number in x]
    every_y = [number for _, y in shown.values() for number in y]
    every_y += [number for ends in (bands or {}).values() for side in ends for number in side]
    left, right, low, high = min(every_x), max(every_x), min(every_y), max(every_y)

    def place(x: float, y: float) -> str:
        across = LEFT + (width - LEFT - RIGHT) * (x - left) / ((right - left) or 1)
        up = TOP + (height - TOP - BOTTOM) * (high - y) / ((high - low) or 1)
        return f"{across:.1f},{up:.1f}"

    lines = []
    for name, (x, y) in shown.items():
        band = ""
        if bands and name in bands:
            lows, highs = bands[name]
            edge = [*zip(x, highs, strict=True), *reversed(list(zip(x, lows, strict=True)))]
            band = " ".join(place(*point) for point in edge)
        lines.append(Line(name, " ".join(place(*point) for point in zip(x, y, strict=True)), band))
    scale = 100 if percent else 1
    return Chart(lines, (_short(left), _short(right)), (_short(scale * low), _short(scale * high)), width, height)


def _short(number: float) -> str:
    """A number at the end of an axis."""
    return f"{number:.0f}" if abs(number) >= 10 or number == round(number) else f"{number:.2g}"
