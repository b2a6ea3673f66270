"""This file is about EfficientNet-Lite0 as an ONNX graph, from weights to pooled features."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FEATURES = 1280
PICTURE_PX = 224
_OPSET = 17
_BATCH_NORM_EPSILON = 1e-3
# (blocks, kernel, stride of the first, channels); source: the EfficientNet-Lite0 block strings.
_STAGES = (
    (1, 3, 1, 16),
    (2, 3, 2, 24),
    (2, 5, 2, 40),
    (3, 3, 2, 80),
    (3, 5, 1, 112),
    (4, 5, 2, 192),
    (1, 3, 1, 320),
)


def lite0_graph(weights: Mapping[str, np.ndarray]) -> onnx.ModelProto:
    """The network from `pixels` [B, 3, 224, 224] in about [-1, 1] to `features` [B, 1280].

    The classifier is left out: logits are `features @ _fc.weight.T + _fc.bias`.
    """
    net = _Graph(weights)
    flow = net.convolution("pixels", "_conv_stem", "_bn0", kernel=3, stride=2, size=PICTURE_PX)
    flow, size = net.relu6(flow), PICTURE_PX // 2
    block, channels = 0, 32
    for count, kernel, first_stride, channels_out in _STAGES:
        for index in range(count):
            stride = first_stride if index == 0 else 1
            flow = net.block(flow, f"_blocks.{block}", kernel, stride, size, (channels, channels_out))
            size, channels, block = -(-size // stride), channels_out, block + 1
    flow = net.relu6(net.convolution(flow, "_conv_head", "_bn1", kernel=1, stride=1, size=size))
    pooled = net.add("GlobalAveragePool", [flow], "pooled")
    net.add("Flatten", [pooled], "features", axis=1)
    return net.model()


class _Graph:
    """Nodes and tensors as they are added."""

    def __init__(self, weights: Mapping[str, np.ndarray]):
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.tensors = [
            numpy_helper.from_array(np.float32(0), "zero"),
            numpy_helper.from_array(np.float32(6), "six"),
        ]

    def add(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """A node; gives its output's name."""
        self.nodes.append(helper.make_node(kind, inputs, [output], name=f"{output}.node", **attributes))
        return output

    def relu6(self, flow: str) -> str:
        """max(0, min(6, x))."""
        return self.add("Clip", [flow, "zero", "six"], f"{flow}.relu6")

    def block(
        self, flow: str, name: str, kernel: int, stride: int, size: int, channels: tuple[int, int]
    ) -> str:
        """An inverted residual block: widen, filter by channel, narrow, add where shapes agree."""
        start = flow
        if f"{name}._expand_conv.weight" in self.weights:
            flow = self.convolution(
                flow, f"{name}._expand_conv", f"{name}._bn0", kernel=1, stride=1, size=size
            )
            flow = self.relu6(flow)
        flow = self.convolution(
            flow, f"{name}._depthwise_conv", f"{name}._bn1", kernel=kernel, stride=stride, size=size
        )
        flow = self.relu6(flow)
        flow = self.convolution(flow, f"{name}._project_conv", f"{name}._bn2", kernel=1, stride=1, size=size)
        if stride == 1 and channels[0] == channels[1]:
            flow = self.add("Add", [flow, start], f"{name}.sum")
        return flow

    def convolution(self, flow: str, weights: str, norm: str, *, kernel: int, stride: int, size: int) -> str:
        """A convolution with its batch norm folded in and TensorFlow's `same` padding."""
        w = self.weights[f"{weights}.weight"]
        scale = self.weights[f"{norm}.weight"] / np.sqrt(
            self.weights[f"{norm}.running_var"] + _BATCH_NORM_EPSILON
        )
        bias = self.weights[f"{norm}.bias"] - self.weights[f"{norm}.running_mean"] * scale
        folded = w * scale[:, None, None, None]
        self.tensors += [
            numpy_helper.from_array(np.ascontiguousarray(folded, dtype=np.float32), f"{weights}.w"),
            numpy_helper.from_array(np.ascontiguousarray(bias, dtype=np.float32), f"{weights}.b"),
        ]
        # An odd pixel of padding goes to the right and the bottom, unlike PyTorch's own padding.
        padding = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        before, after = padding // 2, padding - padding // 2
        groups = w.shape[0] if w.shape[1] == 1 and kernel > 1 else 1
        return self.add(
            "Conv",
            [flow, f"{weights}.w", f"{weights}.b"],
            f"{weights}.out",
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=groups,
        )

    def model(self) -> onnx.ModelProto:
        """The checked model."""
        pixels = helper.make_tensor_value_info(
            "pixels", TensorProto.FLOAT, ["batch", 3, PICTURE_PX, PICTURE_PX]
        )
        features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", FEATURES])
        graph = helper.make_graph(self.nodes, "lite0", [pixels], [features], self.tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=10)
        onnx.checker.check_model(model)
        return model
