"""This file is about export: a trained module as an ONNX graph that runs without torch."""

import io
import tempfile
import warnings
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

OPSET = 18


def onnx_bytes(
    module: torch.nn.Module,
    example: dict[str, torch.Tensor],
    *,
    outputs: list[str],
    free: dict[str, dict[int, str]],
) -> bytes:
    """The graph of a module in evaluation mode.

    Args:
        example: inputs by name, in the order of `forward`.
        free: by input or output name, which axes may have any size, with a name for each.
    """
    held = io.BytesIO()
    with warnings.catch_warnings():
        # The exporter that follows it needs a package of its own, and both give the same graph here.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            module.eval().cpu(),
            tuple(example.values()),
            held,
            input_names=list(example),
            output_names=outputs,
            dynamic_axes=free,
            opset_version=OPSET,
            dynamo=False,
        )
    return held.getvalue()


def int8_bytes(graph: bytes) -> bytes:
    """The same graph with weights of products in 8 bits, one scale a column; inputs are scaled as they come.

    Whether it still answers as well is for the validation part to say: see `as_int8_if_as_good`.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "int8.onnx"
        quantize_dynamic(onnx.load_from_string(graph), path, weight_type=QuantType.QInt8, per_channel=True)
        return path.read_bytes()
