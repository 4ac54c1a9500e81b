"""Which tensor of an ONNX model serves as features.

One that somebody names, inner ones too. Where nobody does: an output that holds features before one that scores
classes, and where there are only scores, what goes into the layer that makes them, the ``penultimate`` tensor.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from nextlabel.embedders.onnx.file import ModelFile
from nextlabel.embedders.onnx.network import POOLS, Net
from nextlabel.embedders.onnx.pictures import describe_kind, refuse_model
from nextlabel.errors import BadData, UnknownName
from nextlabel.text import did_you_mean, join_names, printable, several, shorten

PREFERRED = ("pooler_output", "image_embeds", "embedding")  # outputs, best first
PENULTIMATE = "penultimate"
LEAST_WIDTH = 8  # numbers a picture; a map of what stands out has 1, a box 4
MOST_WIDTH = 2**18  # a megabyte a picture; the widest layers that are flattened have 2**17


class Output(NamedTuple):
    """A tensor, its number of axes, how many numbers it has for a picture, and what should be known of it."""

    name: str
    rank: int
    width: int
    scores: bool = False  # logits or probabilities of classes
    instead: str = ""  # why it is what the last layer is fed with, rather than what comes out of that


@dataclass(frozen=True)
class Choosing:
    """The choice of a tensor, tried on one picture: shapes are not always declared."""

    net: Net
    file: ModelFile
    size: int

    def choose(self, wanted: str | None) -> Output:
        """The tensor called ``wanted``, or the most fitting.

        Raises `UnknownName` where none is called so, `BadData` where there are no features in it, or in any.
        """
        if wanted is not None:
            return self._wide([self._look_at(self._look_up(wanted))])
        outputs = self._describe_all(self.net.outputs)
        features = [output for output in outputs if _fits(output) and not output.scores]
        if features:
            return min(features, key=_place)
        for output in outputs:
            if (fed := self.file.graph.trace(output.name).fed) is None:
                continue
            with suppress(BadData):  # it was not asked for, so what is wrong with it need not be told
                why = "scores classes" if output.scores else f"gives {several(output.width, 'number')}"
                return self._wide([self._look_at(fed)])._replace(instead=f"'{printable(output.name)}' {why}")
        return self._wide(outputs)

    def _look_up(self, wanted: str) -> str:
        """The tensor's name; an output that is called `PENULTIMATE` is itself meant."""
        outputs, graph = self.net.outputs, self.file.graph
        tensors = [*outputs, *graph.tensors]
        if wanted in tensors:
            return wanted
        if wanted != PENULTIMATE:
            hint = did_you_mean(wanted, tensors) or f"Its outputs are {_quote(outputs)}."
            raise UnknownName(
                f"No output of '{self.net.name}' is called '{shorten(wanted)}'. {hint} Each of its "
                f"{several(len(graph.tensors), 'tensor')} can be named, or '{PENULTIMATE}'."
            )
        if (fed := self._penultimate()) is None:
            raise BadData(
                f"'{self.net.name}' does not end in a layer of weights (Gemm, MatMul or a 1x1 Conv) that would "
                f"have a '{PENULTIMATE}' tensor before it. Name a tensor: onnx:FILE(output=…)."
            )
        return fed

    def _penultimate(self) -> str | None:
        """What goes into the last layer of the first output that ends in one."""
        traces = map(self.file.graph.trace, self.net.outputs)
        return next((trace.fed for trace in traces if trace.fed is not None), None)

    def _look_at(self, name: str) -> Output:
        if name not in self.net.outputs:
            self.net.expose(self.file, name)
        return self._describe_all([name])[0]

    def _describe_all(self, names: Sequence[str]) -> list[Output]:
        """Those of the tensors that can be features."""
        arrays = self.net.try_outputs(self.size, names)
        found = []
        for name, array in arrays.items():
            if self.net.holds_features(array):
                width = self.net.pool(array, POOLS[array.ndim][0]).shape[1]
                found.append(Output(name, array.ndim, width, self.file.graph.scores_classes(name, width)))
        if not found:
            kinds = ", ".join(f"'{printable(name)}' {describe_kind(array)}" for name, array in arrays.items())
            hint = f". {self.net.hint}" if self.net.hint else ""
            raise refuse_model(self.net.name, f"of pictures of {self.size} x {self.size} it gives {kinds}{hint}")
        return found

    def _wide(self, outputs: Sequence[Output]) -> Output:
        """The first that is neither too narrow nor too wide; raises `BadData` where none is."""
        found = next(filter(_fits, outputs), None)
        if found is None:
            widths = join_names([f"{several(each.width, 'number')} in '{printable(each.name)}'" for each in outputs])
            inner = several(len(self.file.graph.tensors), "tensor")
            layer = f", or '{PENULTIMATE}'" if self._penultimate() is not None else ""
            narrow = outputs[0].width < LEAST_WIDTH
            bound = f"{LEAST_WIDTH} are the least" if narrow else f"{MOST_WIDTH:,} are the most"
            raise BadData(
                f"'{self.net.name}' gives too {'little' if narrow else 'much'} of a picture to learn from: {widths}, "
                f"and {bound}. Its outputs are {_quote(self.net.outputs)}; name another one of its {inner}{layer}: "
                "onnx:FILE(output=…)."
            )
        return found


def _fits(output: Output) -> bool:
    return LEAST_WIDTH <= output.width <= MOST_WIDTH


def _quote(names: Sequence[str]) -> str:
    return ", ".join(f"'{printable(name)}'" for name in names)


def _place(output: Output) -> int:
    """How early a name comes among those that are preferred."""
    return PREFERRED.index(output.name) if output.name in PREFERRED else len(PREFERRED)
