from pathlib import Path

import numpy as np
import pytest
import torch

from bowerbird.learn.config import TrainingConfig
from bowerbird.retrieve.rqvae import RqvaeConfig
from bowerbird.retrieve.rqvae.model import Rqvae, missed_share
from bowerbird.retrieve.rqvae.train import RqvaeTokeniser, batches_of
from bowerbird.retrieve.semantic.codebooks import Codebooks, Tokeniser, load_codebooks
from bowerbird.retrieve.semantic.residual_kmeans import residual_kmeans

SMALL = RqvaeConfig(
    width=4, inner=(16,), rows=64, training=TrainingConfig(epochs=20, learning_rate=0.01, validate_every=5)
)


def bent(items: int) -> np.ndarray:
    """Points on a ring in a plane of eight dimensions: one number tells each."""
    rng = np.random.default_rng(0)
    turn = rng.uniform(0, 2 * np.pi, items)
    ring = np.column_stack([np.cos(turn), np.sin(turn)]) @ rng.normal(size=(2, 8)) / 8**0.5
    return ring.astype(np.float32)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Codebooks:
    return RqvaeTokeniser(SMALL, tmp_path_factory.mktemp("rqvae"), lambda _: None)(bent(256), 2, 8, 0)


def test_likes_share_first_codes_and_most_codes_are_used(fitted: Codebooks) -> None:
    vectors = bent(256)
    codes = fitted.codes(vectors)

    distances = np.square(vectors[:, None] - vectors[None]).sum(axis=2)
    near = np.argsort(distances, axis=1)[:, 1:6]
    shared = (codes[near, 0] == codes[:, None, 0]).mean()
    chance = np.square(np.bincount(codes[:, 0], minlength=8) / 256).sum()

    assert fitted.centres.shape == (2, 8, 4)
    assert shared > 0.8
    assert chance < 0.3
    assert len(np.unique(codes[:, 0])) >= 6


def test_codes_come_closer_to_the_vectors_than_an_untrained_network_does(tmp_path: Path) -> None:
    vectors, told = bent(256), []

    RqvaeTokeniser(SMALL, tmp_path, told.append)(vectors, 2, 8, 0)
    torch.manual_seed(0)
    untrained = missed_share(Rqvae(SMALL, 8), torch.from_numpy(vectors))

    missed = {line.split(":")[0]: float(line.split()[1][:-1]) / 100 for line in told if "missed" in line}
    assert missed["codes"] < 0.1 < untrained
    assert set(missed) == {"autoencoder", "codes"}


def test_codes_without_torch_are_those_of_the_training_code() -> None:
    torch.manual_seed(1)
    model, vectors = Rqvae(SMALL, 8), torch.from_numpy(bent(50))
    inside = model.encoded(vectors).detach()
    centres = residual_kmeans(inside.numpy(), 3, 5, 0).centres
    model.start_codes(torch.from_numpy(centres))

    summed, _ = model.quantised(inside)
    codebooks = Codebooks(centres)

    np.testing.assert_allclose(
        codebooks.rebuilt(codebooks.codes(inside.numpy())), summed.detach().numpy(), rtol=1e-4, atol=1e-5
    )


def test_gradients_reach_encoder_decoder_and_centres_as_the_paper_says() -> None:
    torch.manual_seed(1)
    config = SMALL.model_copy(update={"commitment": 0.25})
    model, vectors = Rqvae(config, 8).double(), torch.from_numpy(bent(20)).double()
    inside = model.encoded(vectors).detach()
    model.start_codes(inside[:3][None].clone() + 0.1)
    assert model.centres is not None

    model(vectors).backward()
    nearest = torch.cdist(inside, model.centres[0].detach()).argmin(dim=1)
    wanted = torch.stack([2 * (model.centres[0, code] - inside[nearest == code]).sum(0) for code in range(3)])

    torch.testing.assert_close(model.centres.grad, wanted[None].detach())
    assert all(each.grad is not None and each.grad.abs().sum() > 0 for each in model.parameters())


def test_saved_codebooks_give_the_same_codes(fitted: Codebooks, tmp_path: Path) -> None:
    fitted.save(tmp_path)

    np.testing.assert_array_equal(load_codebooks(tmp_path).codes(bent(40)), fitted.codes(bent(40)))
    assert isinstance(RqvaeTokeniser(SMALL, tmp_path, lambda _: None), Tokeniser)


def test_every_item_is_in_an_epoch_and_all_batches_are_alike() -> None:
    vectors = np.arange(10, dtype=np.float32)[:, None]

    batches = batches_of(vectors, 4, 0, 0)

    assert {len(batch.arrays["vectors"]) for batch in batches} == {4}
    assert set(np.concatenate([batch.arrays["vectors"] for batch in batches]).ravel()) == set(range(10))
