"""This file is about export: a trained module as an ONNX graph that runs without torch."""

import io
import warnings

import torch

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
