"""How fast is search over HTTP at 100k items (P3): by words, by a 1 MB upload, by a part of a known item?

One client, one request after another, every query another one; then words at rising rates.
"""

import tempfile
from pathlib import Path

import record
from load import Ask, Measured, highest_rate, one_client, open_loop
from served import Served, serving
from synthetic_lake import PHOTOGRAPHS, lake_of, photograph, phrases, recall_of

UPLOADS = 16
RATES = (25, 50, 75, 100, 125, 150, 175, 200, 250, 300)
P99_UNDER_LOAD_MS = 80.0


def main() -> None:
    parser = record.parser(__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument(
        "--lakes",
        type=Path,
        default=Path(tempfile.gettempdir()) / "bowerbird-lakes",
        help="where lakes are kept",
    )
    parser.add_argument("--requests", type=int, default=600)
    args = parser.parse_args()
    lake = lake_of(args.lakes, args.items)
    recall = recall_of(lake)
    with serving(lake, queue_limit=256) as served:
        record.write(lines(served, args.items, args.requests, recall), args.out)


def lines(served: Served, items: int, requests: int, recall: dict[str, object]) -> list[dict[str, object]]:
    """Result lines of the three ways to search, and of words under load."""
    person = str(served.get("/v1/me")["token"])
    words = by_words(person, requests)
    kinds = {
        "words": (words, 12.0, 30.0),
        "upload of about 1 MB": (by_upload(person, requests // 4), 35.0, 90.0),
        "part of a known item": (by_part(person, requests // 2, items), 15.0, 45.0),
        "words and a 1 % filter": (by_words(person, requests // 2, brand=True), None, None),
    }
    made = []
    for kind, (asks, p50_target, p99_target) in kinds.items():
        one_client(served.port, asks[: len(asks) // 4])
        cpu_s = served.cpu_s()
        measured = one_client(served.port, asks, warm=0)
        cpu_ms = round((served.cpu_s() - cpu_s) * 1000 / len(asks), 2)
        for percentile, value, target in (
            ("p50", measured.p50_ms, p50_target),
            ("p99", measured.p99_ms, p99_target),
        ):
            question = f"search by {kind}, one client, {percentile}"
            facts = measured.facts() | {"cpu_ms_a_search": cpu_ms}
            made.append(
                record.line("P3", question, value, "ms", target=target, quality=recall, items=items, **facts)
            )

    def at(rate: float) -> Measured:
        return open_loop(served.port, words, per_second=rate)

    rate, loaded = highest_rate(at, RATES, p99_ms=P99_UNDER_LOAD_MS)
    question = f"searches by words a second, many clients, p99 ≤ {P99_UNDER_LOAD_MS:.0f} ms"
    facts = loaded.facts() if loaded else {}
    made.append(record.line("P3", question, rate, "per s", quality=recall, items=items, **facts))
    return made


def by_words(person: str, count: int, *, brand: bool = False) -> list[Ask]:
    """Three-word queries, all different as long as there are."""
    texts = phrases()
    where = (
        "&filter=%7B%22in%22%3A%5B%22brand%22%2C%5B%22Maker%201%22%2C%22Maker%202%22%5D%5D%7D"
        if brand
        else ""
    )
    asked = [texts[(number * 7919) % len(texts)].replace(" ", "+") for number in range(count)]
    return [Ask.get(f"/v1/search?q={text}&limit=25{where}", person) for text in asked]


def by_upload(person: str, count: int) -> list[Ask]:
    """Files that are not in the lake."""
    files = [photograph(10_000 + number) for number in range(UPLOADS)]
    return [
        Ask.form("/v1/search", person, {"picture": files[n % UPLOADS], "limit": "25"}) for n in range(count)
    ]


def by_part(person: str, count: int, items: int) -> list[Ask]:
    """A quarter of the picture of items that have a large one; each item is asked about several times."""
    known = min(PHOTOGRAPHS, items) // 4
    return [
        Ask.form(
            "/v1/search",
            person,
            {"item_id": f"item-{number % known}", "region": f"0.{1 + number % 4},0.2,0.5,0.5", "limit": "25"},
        )
        for number in range(count)
    ]


if __name__ == "__main__":
    main()
