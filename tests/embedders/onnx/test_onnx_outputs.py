"""Features come from before the scores of classes, from any tensor that is named, never silently from too little."""

import contextlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx_files import MATRIX, MEAN_COLOUR, PICTURES, TOKENS, colours, hub_cache, model, open_onnx, outside, write

from nextlabel.embedders.onnx.embedder import Onnx
from nextlabel.embedders.onnx.graph import Graph, expose, read_graph
from nextlabel.embedders.onnx.writing import field, fields, node, tensor, value
from nextlabel.errors import BadData, UnknownName

pytest.importorskip("onnxruntime")
onnx = pytest.importorskip("onnx")  # whose checker and reader judge what is written here

RNG = np.random.default_rng(8)
HEAD = RNG.normal(size=(8, 20)).astype(np.float32)
BIAS = RNG.normal(size=20).astype(np.float32)
WEIGHTS = (
    tensor("matrix", MATRIX),
    tensor("head", HEAD),
    tensor("bias", BIAS),
    tensor("scale", np.array(0.1, np.float32)),
)
BEFORE = (*MEAN_COLOUR, node("MatMul", "colour matrix", "known"))  # as in `colours() @ MATRIX`

# Heads that exporters write, each from "known" to "out".
HEADS: Mapping[str, list[bytes]] = {
    "gemm": [node("Gemm", "known head bias", "out")],
    "gemm and softmax": [node("Gemm", "known head bias", "z"), node("Softmax", "z", "out", axis=1)],
    "matmul and add": [node("MatMul", "known head", "z"), node("Add", "z bias", "out")],
    "add the other way round": [node("MatMul", "known head", "z"), node("Add", "bias z", "out")],
    "dropout, softmax, identity": [
        node("Dropout", "known", "dropped"),
        node("Gemm", "dropped head bias", "z"),
        node("Softmax", "z", "p", axis=1),
        node("Identity", "p", "out"),
    ],
    "rounded to bytes": [
        node("Gemm", "known head bias", "z"),
        node("QuantizeLinear", "z scale", "q"),
        node("DequantizeLinear", "q scale", "out"),
    ],
    "weights turned and cast first": [
        node("Transpose", "head", "turned", perm=[1, 0]),
        node("Cast", "turned", "cast", to=1),
        node("Gemm", "known cast bias", "z", transB=1),
        node("Sigmoid", "z", "out"),
    ],
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "models" / "tiny.onnx"


def ending(steps: list[bytes], *outputs: bytes, weights: tuple[bytes, ...] = WEIGHTS) -> bytes:
    return model([*BEFORE, *steps], outputs=outputs or (value("out", "N", 20),), weights=weights)


@pytest.mark.parametrize("head", HEADS)
def test_what_goes_into_the_layer_that_scores_classes_is_taken(file: Path, head: str) -> None:
    raw = ending(HEADS[head])
    onnx.checker.check_model(onnx.load_from_string(raw))
    for found in (open_onnx(file, raw), open_onnx(file, raw, "(output='penultimate')")):
        assert np.allclose(found.transform(PICTURES), colours() @ MATRIX, atol=1e-5)
    assert "which goes into its last layer ('out' scores classes). Assumed" in open_onnx(file, raw).note
    assert file.read_bytes() == raw
    assert list(file.parent.iterdir()) == [file]


def convolutions(*steps: tuple[str, str, str], kernel: bool, width: int, out: str = "out") -> bytes:
    """A map of nine channels, ``known``, and a 1x1 convolution, ``scored``; then ``steps`` to an output (N, width)."""
    helper, rng = onnx.helper, np.random.default_rng(1)
    weights = {"grow": rng.normal(size=(9, 3, 1, 1)), "head": rng.normal(size=(width, 9, 1, 1)), "bias": np.ones(width)}
    said = {"kernel_shape": [1, 1]} if kernel else {}
    nodes = [
        helper.make_node("Conv", ["pictures", "grow"], ["grown"], kernel_shape=[1, 1]),
        helper.make_node("Abs", ["grown"], ["known"]),
        *(helper.make_node(kind, [before], [after]) for kind, before, after in steps if after == "pooled"),
        helper.make_node(
            "Conv", [*(["pooled"] if steps[0][2] == "pooled" else ["known"]), "head", "bias"], ["scored"], **said
        ),
        *(helper.make_node(kind, [before], [after]) for kind, before, after in steps if after != "pooled"),
    ]
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("pictures", kind, ["N", 3, 12, 12])],
        [helper.make_tensor_value_info(out, kind, ["N", width])],
        [onnx.numpy_helper.from_array(array.astype(np.float32), name) for name, array in weights.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(made)
    return made.SerializeToString()


MOBILENET = [("GlobalAveragePool", "known", "pooled"), ("Flatten", "scored", "out")]
SQUEEZENET = [("Relu", "scored", "bent"), ("GlobalAveragePool", "bent", "mean"), ("Flatten", "mean", "out")]


@pytest.mark.parametrize("kernel", [True, False])
@pytest.mark.parametrize(
    ("steps", "width", "before"),
    [(MOBILENET, 20, "pooled"), (SQUEEZENET, 1000, "known")],
    ids=["mobilenet", "squeezenet"],
)
def test_a_last_layer_may_be_a_convolution(file: Path, steps: list, width: int, before: str, kernel: bool) -> None:
    raw = convolutions(*steps, kernel=kernel, width=width)
    for found in (open_onnx(file, raw), open_onnx(file, raw, "(output='penultimate')")):
        assert found.output == before
        assert np.allclose(found.transform(PICTURES), open_onnx(file, raw, "(output='known')").transform(PICTURES))
    assert "('out' scores classes)" in open_onnx(file, raw).note


def test_a_network_without_a_head_may_end_in_a_convolution(file: Path) -> None:
    found = open_onnx(file, convolutions(*SQUEEZENET, kernel=True, width=64))
    assert found.output == "out"
    assert "scores classes" not in found.note


def test_scores_that_are_asked_for_are_given_and_told(file: Path) -> None:
    found = open_onnx(file, ending(HEADS["gemm"]), "(output='out')")
    assert np.allclose(found.transform(PICTURES), colours() @ MATRIX @ HEAD + BIAS, atol=1e-4)
    assert "20 features by its output 'out', which scores classes" in found.note


def test_scores_with_nothing_to_go_back_to_are_told(file: Path) -> None:
    found = open_onnx(file, model([*MEAN_COLOUR, node("Softmax", "colour", "p", axis=1)], outputs=[value("p", "N", 9)]))
    assert found.output == "p"
    assert "which scores classes" in found.note
    assert "output, mean and std" in found.note


@pytest.mark.parametrize("name", ["known", "colour", "map"])
def test_any_inner_tensor_can_be_named(file: Path, name: str) -> None:
    steps = [node("Concat", "pictures pictures pictures", "wide", axis=1), node("GlobalAveragePool", "wide", "map")]
    steps += [node("Flatten", "map", "colour"), node("MatMul", "colour matrix", "known"), *HEADS["gemm"]]
    found = open_onnx(file, model(steps, outputs=[value("out", "N", 20)], weights=WEIGHTS), f"(output='{name}')")
    expected = colours() @ MATRIX if name == "known" else colours()
    assert found.output == name
    assert np.allclose(found.transform(PICTURES), expected, atol=1e-5)


def test_tokens_inside_a_model_are_pooled_as_any(file: Path) -> None:
    steps = [
        node("Add", "colour shift", "first"),
        node("Unsqueeze", "first one", "a"),
        node("Unsqueeze", "colour one", "b"),
    ]
    steps += [node("Concat", "a b", "tokens", axis=1), node("ReduceMax", "tokens", "features", axes=[1], keepdims=0)]
    weights = [tensor("shift", TOKENS), tensor("one", np.array([1]))]
    raw = model([*MEAN_COLOUR, *steps], outputs=[value("features", "N", 9)], weights=weights)
    for pool, share in (("class", 1), ("mean", 0.5)):
        found = open_onnx(file, raw, f"(output='tokens', pool='{pool}')")
        assert np.allclose(found.transform(PICTURES), colours() + share * TOKENS, atol=1e-5)


@pytest.mark.parametrize("location", ["weights.bin", "sub/weights.bin"])
def test_inner_tensors_are_had_from_models_with_weights_beside_them(file: Path, location: str) -> None:
    write(file.parent / location, MATRIX.tobytes())
    raw = ending(HEADS["gemm"], weights=(outside("matrix", MATRIX, location), *WEIGHTS[1:]))
    assert np.allclose(open_onnx(file, raw).transform(PICTURES), colours() @ MATRIX, atol=1e-5)


def test_inner_tensors_are_had_from_models_in_the_hub_cache(tmp_path: Path) -> None:
    """There, weights are links out of the folder, and named as they are beside the link."""
    raw = ending(HEADS["gemm"], weights=(outside("matrix", MATRIX, "model.onnx_data"), *WEIGHTS[1:]))
    home = hub_cache(tmp_path, "a/b", "0" * 40, {"onnx/model.onnx": raw, "onnx/model.onnx_data": MATRIX.tobytes()})
    found = Onnx.parse(f"onnx:{home}/snapshots/{'0' * 40}/onnx/model.onnx(size=12)")
    assert found.output == "known"
    assert np.allclose(found.transform(PICTURES), colours() @ MATRIX, atol=1e-5)


@pytest.mark.parametrize(
    ("steps", "outputs", "taken"),
    [
        ([*HEADS["gemm"], node("Relu", "known", "other")], ["out", "other"], "other"),
        ([node("Gemm", "known head bias", "embedding")], ["embedding"], "embedding"),
        ([node("MatMul", "known head", "out")], ["out"], "out"),  # no bias, as projections have none
        ([node("MatMul", "known head", "logits")], ["logits"], "known"),
    ],
)
def test_features_are_told_from_scores(file: Path, steps: list[bytes], outputs: list[str], taken: str) -> None:
    raw = ending(steps, *(value(name, "N", 8 if name == "other" else 20) for name in outputs))
    assert open_onnx(file, raw).output == taken


SALIENCY = [node("ReduceMean", "pictures", "mean", axes=[1], keepdims=1), node("Sigmoid", "mean", "saliency")]


@pytest.mark.parametrize("settings", ["", "(output='saliency')"])
def test_a_map_of_what_stands_out_is_refused(file: Path, settings: str) -> None:
    raw = model(SALIENCY, outputs=[value("saliency", "N", 1, "H", "W")])
    with pytest.raises(
        BadData, match=r"1 number in 'saliency', and 8 are the least\. Its outputs are 'saliency'; name"
    ):
        open_onnx(file, raw, settings)


def test_few_classes_are_no_features_but_what_lies_before_is(file: Path) -> None:
    raw = ending(
        [node("Gemm", "known few", "out")], value("out", "N", 5), weights=(*WEIGHTS, tensor("few", HEAD[:, :5]))
    )
    assert open_onnx(file, raw).output == "known"
    with pytest.raises(
        BadData, match=r"5 numbers in 'out', and 8 are the least.* 5 tensors, or 'penultimate': onnx:FILE"
    ):
        open_onnx(file, raw, "(output='out')")


def test_scores_are_taken_where_what_lies_before_is_narrower_still(file: Path) -> None:
    steps = [*MEAN_COLOUR, node("Gemm", "once wide bias", "logits")]
    raw = model(steps, outputs=[value("logits", "N", 20)], weights=[tensor("wide", HEAD[:3]), tensor("bias", BIAS)])
    found = open_onnx(file, raw)
    assert found.output == "logits"
    assert np.allclose(found.transform(PICTURES), colours()[:, :3] @ HEAD[:3] + BIAS, atol=1e-4)


def test_a_tensor_that_is_not_there_is_told(file: Path) -> None:
    with pytest.raises(UnknownName, match=r"is called 'knwon'\. Did you mean 'known'\? .*5 tensors can be named"):
        open_onnx(file, ending(HEADS["gemm"]), "(output='knwon')")
    with pytest.raises(UnknownName, match=r"is called 'zzz'\. Its outputs are 'out'\."):
        open_onnx(file, ending(HEADS["gemm"]), "(output='zzz')")
    no_layer = model([node("GlobalAveragePool", "pictures", "m")], outputs=[value("m", "N", 3, 1, 1)])
    with pytest.raises(BadData, match="does not end in a layer of weights"):
        open_onnx(file, no_layer, "(output='penultimate')")


def test_an_output_that_is_called_penultimate_is_meant_itself(file: Path) -> None:
    raw = ending(
        [*HEADS["gemm"], node("Neg", "known", "penultimate")], value("out", "N", 20), value("penultimate", "N", 8)
    )
    assert open_onnx(file, raw, "(output='penultimate')").output == "penultimate"


def test_a_graph_that_leads_in_circles_ends() -> None:
    raw = model([node("Identity", "b", "a"), node("Identity", "a", "b")], outputs=[value("a", "N", 8)])
    assert read_graph(raw).trace("a").fed is None


def test_what_is_exposed_is_one_output_more_to_whoever_reads_protobuf() -> None:
    raw = ending(HEADS["gemm"])
    read = onnx.load_from_string(expose(raw, "known"))
    assert [output.name for output in read.graph.output] == ["out", "known"]
    assert read.graph.node == onnx.load_from_string(raw).graph.node


BYTES = st.binary(max_size=60) | st.lists(st.sampled_from([0, 1, 2, 4, 5, 7])).map(
    lambda some: field(7, fields(1, some))
)


@settings(max_examples=60)
@given(BYTES)
def test_any_bytes_give_a_graph_or_an_error_that_is_told(raw: bytes) -> None:
    with contextlib.suppress(ValueError, IndexError):  # which `read_model` tells
        assert isinstance(read_graph(raw), Graph)
