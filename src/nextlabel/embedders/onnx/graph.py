"""The steps of an ONNX model: which tensors there are, what its last layer is fed with, and whether it scores classes.

A network that was trained to tell classes apart ends in one layer with a score for each class. What goes into that
layer is what the network knows of a picture; what comes out has forgotten whatever its own classes did not need.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from nextlabel.embedders.onnx.reading import read_fields, read_numbers
from nextlabel.embedders.onnx.writing import field

POINTWISE = "Conv 1x1"  # our word for a Conv that looks at one place alone: a Linear at each place of a map
LAYERS = {"Gemm", "MatMul", POINTWISE}  # a matrix of weights, in torch's words a Linear
BENDS = {"Relu", "GlobalAveragePool", "AveragePool", "ReduceMean"}  # what SqueezeNet has behind its last layer
SCORES = {"Softmax", "LogSoftmax", "Sigmoid"}
SHIFTS = {"Add", "Sub", "Mul", "Div"}  # by constants: a bias, a temperature
SHAPES = {"Identity", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Cast", "Dropout"}  # the same numbers go on
ROUNDED = {"QuantizeLinear", "DequantizeLinear"}  # nearly the same
CLASS_NAMES = re.compile(r"logit|prob|softmax|score|class|pred|label", re.IGNORECASE)
FEATURE_NAMES = re.compile(r"embed|feat|hidden|pool|token|repr|vector|latent|encod", re.IGNORECASE)
CLASS_COUNTS = {365, 1000, 1001, 11821, 21841, 21843}  # Places365, ImageNet-1k (and "none"), -12k, -21k


class Step(NamedTuple):
    """One node: its operator, and the tensors that go in and come out."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


class Tail(NamedTuple):
    """How a tensor came about, seen from its end."""

    scores: bool  # through a softmax or a sigmoid
    biased: bool  # the last layer adds a constant, as layers that score classes do
    fed: str | None  # what goes into the last layer; None where it does not end in one


@dataclass(frozen=True)
class Graph:
    """Steps by the tensors that they make, and which tensors are the same for every picture."""

    steps: Mapping[str, Step]
    constants: frozenset[str]

    @property
    def tensors(self) -> list[str]:
        """Every tensor that depends on the picture and can be had as an output, in the order of the steps."""
        return [name for name in self.steps if name not in self.constants]

    def trace(self, output: str) -> Tail:
        """The tail that ends in a tensor: back over what only scales, shifts and reshapes, up to a layer's weights.

        Where a map is made a vector on the way, the layer is a 1x1 convolution. Networks without a head may end so, too
        (a last convolution, ReLU, mean), so that its bias says nothing there.
        """
        name, scores, biased, bent = output, False, False, False
        for _ in range(len(self.steps)):  # a damaged graph may lead in circles
            step = self.steps.get(name)
            if step is None or not step.inputs:
                break
            changing = [each for each in step.inputs if each and each not in self.constants]
            layer = step.kind == POINTWISE if bent else step.kind in LAYERS
            if layer and changing == [step.inputs[0]]:
                fed = step.inputs[0] if step.inputs[0] in self.steps else None  # pictures themselves are no features
                return Tail(scores, not bent and (biased or len(step.inputs) > 2), fed)
            if step.kind in SHIFTS and len(changing) == 1:
                biased, name = biased or step.kind == "Add", changing[0]
            elif step.kind in SCORES | SHAPES | ROUNDED:
                scores, name = scores or step.kind in SCORES, step.inputs[0]
            elif step.kind in BENDS:
                bent, name = True, step.inputs[0]
            else:
                break
        return Tail(scores, biased, None)

    def scores_classes(self, output: str, width: int) -> bool:
        """Does an output of that width hold logits or probabilities of classes, as far as the graph can tell?

        A softmax says so; then its name; then how many they are, or a bias, which projections rarely have.
        """
        tail = self.trace(output)
        if tail.scores or FEATURE_NAMES.search(output):
            return tail.scores
        return bool(CLASS_NAMES.search(output)) or (tail.fed is not None and (tail.biased or width in CLASS_COUNTS))


def read_graph(raw: bytes) -> Graph:
    """The graph of a model's bytes, without its weights; `ValueError` or `IndexError` where this is no protobuf."""
    steps: dict[str, Step] = {}
    constants: set[str] = set()
    shapes: dict[str, list[int]] = {}  # of weights
    for number, content in _of_graphs(memoryview(raw)):
        if number == 5:
            names = {_text(name) for word, name in read_fields(content) if word == 8}
            constants |= names
            shapes |= dict.fromkeys(names, read_numbers(content, 1))
        elif number == 1:
            step = _read_step(content)
            # A kernel that no attribute describes is as large as its weights.
            weights = shapes.get(next(iter(step.inputs[1:]), ""), [])
            if step.kind == "Conv" and set(_read_kernel(content) or weights[2:]) == {1}:
                step = step._replace(kind=POINTWISE)
            if step.kind == "Constant" or (step.inputs and constants.issuperset(filter(None, step.inputs))):
                constants |= set(step.outputs)
            steps |= dict.fromkeys(filter(None, step.outputs), step)
    return Graph(steps, frozenset(constants))


def _of_graphs(model: memoryview) -> Iterator[tuple[int, memoryview]]:
    """The fields of the graph, weights first; protobuf merges graphs where a model has several."""
    graphs = [content for number, content in read_fields(model) if number == 7]
    for wanted in (5, 1):
        for graph in graphs:
            yield from ((number, content) for number, content in read_fields(graph) if number == wanted)


def _read_step(node: memoryview) -> Step:
    kind, names = "", {1: [], 2: []}  # type: str, dict[int, list[str]]
    for number, content in read_fields(node):
        if number in names:
            names[number].append(_text(content))
        elif number == 4:
            kind = _text(content)
    return Step(kind, tuple(names[1]), tuple(names[2]))


def _read_kernel(node: memoryview) -> list[int]:
    """The sides of a convolution's kernel, where it says them."""
    attributes = [content for number, content in read_fields(node) if number == 5]
    named = (each for each in attributes if (1, b"kernel_shape") in ((n, bytes(c)) for n, c in read_fields(each)))
    return next((read_numbers(each, 8) for each in named), [])


def _text(content: memoryview) -> str:
    return str(content, "utf-8")


def expose(raw: bytes, name: str) -> bytes:
    """The model with one of its inner tensors as an output more.

    A second graph is written behind the first, in which there is nothing but that output. Whoever reads protobuf merges
    the two, so nothing of the model has to be understood, and nothing is written into its folder.
    """
    return raw + field(7, field(12, field(1, name)))
