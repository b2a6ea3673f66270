"""This file is about `bowerbird learn off-policy`: what another policy would have earned, from a log."""

import argparse
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

NEEDED, OPTIONAL = ("reward", "propensity", "policy"), ("owner", "model", "model_of_policy")


def add_off_policy(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `learn off-policy`."""
    text = "what another policy would have earned, from what one showed with known chances"
    verb = verbs.add_parser("off-policy", help=text, description=text)
    verb.add_argument(
        "file", type=Path, metavar="FILE",
        help=f"CSV or Parquet with {', '.join(NEEDED)}, and perhaps {', '.join(OPTIONAL)}",
    )  # fmt: skip
    verb.add_argument(
        "--clip", type=float, help="largest weight of the clipped estimates (default: root of the rows)"
    )
    verb.add_argument("--json", action="store_true", help="print one JSON object")
    verb.set_defaults(run=run_off_policy)


def run_off_policy(args: argparse.Namespace) -> int:
    """Prints every estimate with its interval, and what makes them doubtful."""
    import numpy as np

    from bowerbird.core.errors import InputError
    from bowerbird.learn.off_policy import Logged, estimated

    table = _read(args.file)
    missing = [name for name in NEEDED if name not in table.column_names]
    if missing:
        raise InputError(
            f"{args.file} has the columns {', '.join(table.column_names)[:200]}; "
            f"needed is {missing[0]!r} as well; rename or add it"
        )

    def numbers(name: str) -> "np.ndarray":
        try:
            return np.asarray(table[name].to_numpy(), dtype=np.float64)
        except (ValueError, TypeError) as error:
            raise InputError(
                f"column {name!r} of {args.file} holds what is no number; needed are numbers"
            ) from error

    owners = None
    if "owner" in table.column_names:
        _, owners = np.unique(
            np.array(table["owner"].to_pylist(), dtype=object).astype(str), return_inverse=True
        )
    has_model = {"model", "model_of_policy"} & set(table.column_names)
    report = estimated(
        Logged(
            numbers("reward"), numbers("propensity"), numbers("policy"), owners,
            numbers("model") if "model" in has_model else None,
            numbers("model_of_policy") if "model_of_policy" in has_model else None,
        ),
        args.clip,
    )  # fmt: skip
    lines = [
        f"{name:12} {each.value:.6f}  [{each.low:.6f}, {each.high:.6f}]"
        for name, each in report.estimates.items()
    ]
    lines.append(
        f"{report.rows:,} rows, worth {report.effective:,.0f} for this policy; largest weight "
        f"{report.largest_weight:.3g}, {report.clipped_share:.2%} clipped at {report.clipped_at:.3g}"
    )
    lines += [f"careful: {each}" for each in report.warnings]
    facts = asdict(report)
    for each in facts["estimates"].values():
        each.update({key: None for key, value in each.items() if math.isnan(value)})
    print(json.dumps(facts) if args.json else "\n".join(lines))
    return 0


def _read(path: Path) -> "pa.Table":
    import pyarrow as pa
    import pyarrow.csv as pacsv
    import pyarrow.parquet as pq

    from bowerbird.core.errors import InputError

    try:
        return pq.read_table(path) if path.suffix == ".parquet" else pacsv.read_csv(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(
            f"{path} cannot be read ({error}); needed is a CSV or a Parquet file; check the name"
        ) from error
