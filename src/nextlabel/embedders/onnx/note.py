"""The one line that says how pictures go into an ONNX model, what comes out, and what of it nobody said."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from nextlabel.embedders.onnx.outputs import Output
from nextlabel.text import join_names, printable, several

USUAL_SCALE = 1 / 255


@dataclass(frozen=True)
class Use:
    """What a model is used with."""

    name: str
    size: int
    mean: Sequence[float]
    std: Sequence[float]
    scale: float
    output: Output
    raw: bool  # are pixels bytes, as they are?
    assumed: Collection[str]  # of size, output, mean and std: those that neither the model nor anybody said

    def describe(self) -> str:
        """The line.

        >>> half, features = (0.5, 0.5, 0.5), Output("features", rank=2, width=512)
        >>> use = Use("a.onnx", 64, half, half, 1 / 255, features, raw=False, assumed=["mean"])
        >>> print(use.describe())
        'a.onnx' sees ... with mean 0.5 and std 0.5, and gives 512 features by ... Assumed, ...: mean. ...
        """
        pixels = self._pixels()
        words = f"'{self.name}' sees pictures of {self.size} x {self.size} with {pixels}, and gives {self._features()}."
        if not self.assumed:
            return f"{words} Nothing of it was assumed."
        options = ", ".join(f"{name}=…" for name in self.assumed)
        assumed = join_names(list(self.assumed))
        return f"{words} Assumed, as nothing says so: {assumed}. If that is wrong, write onnx:FILE({options})."

    def _pixels(self) -> str:
        if self.raw:
            return "its pixels as they are, from 0 to 255"
        words = f"mean {_join(self.mean)} and std {_join(self.std)}"
        return words if self.scale == USUAL_SCALE else f"pixels times {self.scale:.6g}, {words}"

    def _features(self) -> str:
        output = self.output
        words = f"{several(output.width, 'feature')} by its output '{printable(output.name)}'"
        if output.instead:
            return f"{words}, which goes into its last layer ({output.instead})"
        return f"{words}, which scores classes; tensors before it may serve better" if output.scores else words


def _join(numbers: Sequence[float]) -> str:
    """Three numbers, or one where they are alike."""
    return "/".join(f"{number:.6g}" for number in (numbers[:1] if len(set(numbers)) == 1 else numbers))
