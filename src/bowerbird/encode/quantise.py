"""This file is about int8: from a float network and the ranges of its activations to a quantised network.

Unsigned activations and signed weights, one scale a channel of output: what ONNX Runtime runs fastest.
Nothing is measured here, so the same weights and ranges give the same network on every machine.
"""

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import helper, numpy_helper

Range = tuple[float, float]


def activation_names(model: onnx.ModelProto) -> list[str]:
    """Names of the tensors whose ranges `quantised` asks for."""
    clipped = {node.input[0] for node in model.graph.node if node.op_type == "Clip"}
    made = [node.output[0] for node in model.graph.node if node.op_type in ("Conv", "Clip", "Add")]
    return [model.graph.input[0].name, *(name for name in made if name not in clipped)]


def quantised(model: onnx.ModelProto, ranges: Mapping[str, Range]) -> onnx.ModelProto:
    """The same network with int8 convolutions and additions; pooling and what follows stays float.

    Args:
        model: made of Conv, Clip, Add, then anything else.
        ranges: lowest and highest value of each tensor of `activation_names`.
    """
    work = _Quantiser({tensor.name: tensor for tensor in model.graph.initializer}, ranges)
    work.mark(model.graph.input[0].name)
    for node in model.graph.node:
        work.take(node)
    graph = helper.make_graph(
        work.nodes, "int8", list(model.graph.input), list(model.graph.output), work.tensors
    )
    made = helper.make_model(graph, opset_imports=list(model.opset_import), ir_version=model.ir_version)
    onnx.checker.check_model(made)
    return made


class _Quantiser:
    """Nodes and tensors of the new network as they are added."""

    def __init__(self, given: Mapping[str, onnx.TensorProto], ranges: Mapping[str, Range]):
        self.given = given
        self.ranges = ranges
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: list[onnx.TensorProto] = []
        self.renamed: dict[str, str] = {}

    def take(self, node: onnx.NodeProto) -> None:
        """One node of the float network."""
        match node.op_type:
            case "Clip":
                # Saturation at the ends of the range does the clipping.
                self._rename_last(node.input[0], node.output[0])
                self.mark(node.output[0])
            case "Conv":
                self._convolution(node)
            case "Add":
                self._copy(node)
                self.mark(node.output[0])
            case _:
                self._copy(node)

    def mark(self, name: str) -> None:
        """Quantise and dequantise the tensor `name`; users of it read the result."""
        scale, zero = self._grid(name)
        grid = [self._tensor(scale, f"{name}.scale"), self._tensor(zero, f"{name}.zero")]
        self._node("QuantizeLinear", [name, *grid], f"{name}.q")
        self._node("DequantizeLinear", [f"{name}.q", *grid], f"{name}.dq")
        self.renamed[name] = f"{name}.dq"

    def _convolution(self, node: onnx.NodeProto) -> None:
        source, weights_name, bias_name = node.input
        weights = numpy_helper.to_array(self.given[weights_name])
        bias = numpy_helper.to_array(self.given[bias_name])
        step, _ = self._grid(source)
        # A channel of almost no weight has only its bias, which must fit in 32 bits at its scale.
        least = np.maximum(np.abs(bias) / (step * 2**30), 1e-12)
        scales = np.maximum(_safe_scales(weights), least).astype(np.float32)
        whole = np.rint(weights / scales[:, None, None, None]).astype(np.int8)
        bias_scales = scales * step
        names = [
            self._channels(whole, scales, weights_name),
            self._channels(np.rint(bias / bias_scales).astype(np.int32), bias_scales, bias_name),
        ]
        made = helper.make_node("Conv", [self.renamed[source], *names], list(node.output), name=node.name)
        made.attribute.extend(node.attribute)
        self.nodes.append(made)
        if node.output[0] in self.ranges:
            self.mark(node.output[0])

    def _grid(self, name: str) -> tuple[np.float32, np.uint8]:
        low, high = min(self.ranges[name][0], 0.0), max(self.ranges[name][1], 1e-6)
        scale = np.float32((high - low) / 255)
        return scale, np.uint8(np.clip(np.rint(-low / scale), 0, 255))

    def _channels(self, whole: np.ndarray, scales: np.ndarray, name: str) -> str:
        zeros = np.zeros(len(scales), dtype=whole.dtype)
        parts = [
            self._tensor(whole, f"{name}.q"),
            self._tensor(scales, f"{name}.scale"),
            self._tensor(zeros, f"{name}.zero"),
        ]
        return self._node("DequantizeLinear", parts, f"{name}.dq", axis=0)

    def _copy(self, node: onnx.NodeProto) -> None:
        inputs = [self.renamed.get(name, name) for name in node.input]
        made = helper.make_node(node.op_type, inputs, list(node.output), name=node.name)
        made.attribute.extend(node.attribute)
        self.nodes.append(made)

    def _rename_last(self, old: str, new: str) -> None:
        assert self.nodes[-1].output[0] == old
        self.nodes[-1].output[0] = new

    def _node(self, kind: str, inputs: list[str], output: str, **attributes: int) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=f"{output}.node", **attributes))
        return output

    def _tensor(self, values: np.ndarray | np.generic, name: str) -> str:
        self.tensors.append(numpy_helper.from_array(np.asarray(values), name))
        return name


def _safe_scales(weights: np.ndarray) -> np.ndarray:
    """[channels] the finest scale of each channel at which no sum of two products overflows 16 bits.

    Processors without VNNI add the products of neighbouring inputs in 16 bits: two weights of one
    sign may come to 128 together (128 * 255 < 2**15). Depthwise kernels add in 32 bits.
    """
    flat = weights.reshape(len(weights), -1)
    largest: np.ndarray = np.abs(flat).max(axis=1) / 127
    if weights.shape[1] == 1:
        return largest
    if weights.shape[2] == 1:
        pairs = flat.reshape(len(flat), -1, 2)
        sums = np.maximum(np.maximum(pairs, 0).sum(axis=2), np.maximum(-pairs, 0).sum(axis=2))
        same_sign = sums.max(axis=1)
    else:  # the order of inputs is the kernel's affair, so any two may meet
        ranked = np.sort(flat, axis=1)
        same_sign = np.maximum(ranked[:, -2:].sum(axis=1), -ranked[:, :2].sum(axis=1))
    # Rounding may add half a step to each weight.
    scales: np.ndarray = np.maximum(largest, same_sign / 127)
    return scales
