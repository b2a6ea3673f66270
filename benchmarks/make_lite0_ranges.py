"""Measures the activation ranges of EfficientNet-Lite0 once; the result is committed with the package.

Run on CC0 and public-domain pictures, 325 of them; the file holds 118 numbers and no picture.
    python benchmarks/make_lite0_ranges.py --out src/bowerbird/encode/lite0_ranges.json
"""

import argparse
import io
import json
import zipfile
from pathlib import Path

import numpy as np
from onnx import helper
from PIL import Image

from bowerbird.encode.lite0 import WEIGHTS_SHA256, weights_path
from bowerbird.encode.lite0_graph import lite0_graph
from bowerbird.encode.preprocess import network_input
from bowerbird.encode.quantise import activation_names
from bowerbird.encode.session import open_session
from bowerbird.encode.torch_file import read_tensors

SHARED = Path(__file__).resolve().parents[1] / "../shared/data"
SOURCES = {"catalogue-clothing-photos": 12, "catalogue-clipart": 8}
"""Every n-th picture of each."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    model = lite0_graph(read_tensors(weights_path()))
    names = activation_names(model)[1:]
    for name in names:
        model.graph.output.append(helper.make_tensor_value_info(name, 1, None))
    session = open_session(model.SerializeToString())
    lows, highs = [], []
    for pixels in pictures():
        values = session.run(names, {"pixels": network_input([pixels], 224)})
        lows.append([value.min() for value in values])
        highs.append([value.max() for value in values])
    # One picture in a hundred may go over the ends: an outlier would make every step coarser.
    low, high = np.percentile(lows, 1, axis=0), np.percentile(highs, 99, axis=0)
    ranges = {"pixels": [-0.9921875, 1.0]}
    ends = zip(low.round(4).tolist(), high.round(4).tolist(), strict=True)
    ranges |= dict(zip(names, map(list, ends), strict=True))
    facts = {
        "measured_on": "1 % to 99 % of the extremes of 325 CC0 and public-domain pictures",
        "weights_sha256": WEIGHTS_SHA256,
        "ranges": ranges,
    }
    args.out.write_text(json.dumps(facts, indent=1) + "\n")


def pictures():
    for name, step in SOURCES.items():
        with zipfile.ZipFile(SHARED / name / "images.zip") as archive:
            for file in sorted(n for n in archive.namelist() if n.endswith(".jpg"))[::step]:
                yield np.asarray(Image.open(io.BytesIO(archive.read(file))).convert("RGB"))


if __name__ == "__main__":
    main()
