import pytest
import torch

from bowerbird.learn.training.sampled import sampled_softmax_losses


def losses(
    log_chances: torch.Tensor, is_void: torch.Tensor | None = None, *, temperature: float = 0.5
) -> torch.Tensor:
    torch.manual_seed(0)
    queries, against = torch.randn(4, 8), torch.randn(6, 8)
    void = torch.zeros(4, 6, dtype=torch.bool) if is_void is None else is_void
    return sampled_softmax_losses(
        queries,
        against,
        torch.arange(4),
        temperature=torch.tensor(temperature),
        log_chances=log_chances,
        is_void=void,
    )


def test_a_void_column_counts_nothing_and_the_own_one_always_counts() -> None:
    torch.manual_seed(0)
    queries, against = torch.randn(4, 8), torch.randn(6, 8)
    void = torch.zeros(4, 6, dtype=torch.bool)
    void[:, 4:] = True
    void[torch.arange(4), torch.arange(4)] = True

    found = losses(torch.zeros(6), void)

    wanted = torch.nn.functional.cross_entropy(
        queries @ against[:4].T / 0.5, torch.arange(4), reduction="none"
    )
    torch.testing.assert_close(found, wanted)


def test_only_ratios_of_chances_matter_and_a_likely_negative_weighs_less() -> None:
    even = losses(torch.zeros(6))
    torch.testing.assert_close(losses(torch.full((6,), -7.0)), even)

    likely = torch.zeros(6)
    likely[5] = 3.0

    assert (losses(likely) < even).all()


def test_a_sample_that_is_corrected_has_the_gradient_of_the_full_softmax_on_average() -> None:
    generator = torch.Generator().manual_seed(1)
    items, target = torch.randn(12, 4, generator=generator), 3
    query = torch.randn(1, 4, generator=generator, requires_grad=True)
    chances = torch.arange(1, 13, dtype=torch.float32)
    chances = chances / chances.sum()
    full = torch.nn.functional.cross_entropy(query @ items.T, torch.tensor([target]))
    (wanted,) = torch.autograd.grad(full, query)

    drawn = torch.multinomial(chances, 4_000, replacement=True, generator=generator)
    columns = torch.cat([torch.tensor([target]), drawn])
    # The own column stands there for sure; what is drawn stands for the others.
    logs = torch.cat([torch.zeros(1), (chances[drawn] * len(drawn)).log()])
    is_void = (columns == target)[None]
    found = sampled_softmax_losses(
        query,
        items[columns],
        torch.tensor([0]),
        temperature=torch.tensor(1.0),
        log_chances=logs,
        is_void=is_void,
    ).sum()
    (slope,) = torch.autograd.grad(found, query)

    torch.testing.assert_close(slope, wanted, atol=0.05, rtol=0.05)


def test_a_temperature_below_the_least_is_the_least() -> None:
    low, lower = (losses(torch.zeros(6), temperature=each) for each in (0.01, 1e-9))

    torch.testing.assert_close(low, lower)
    assert low.mean() != pytest.approx(float(losses(torch.zeros(6)).mean()))
