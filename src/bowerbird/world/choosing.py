"""This file is about policies by name, as the command line asks for them."""

from bowerbird.core.errors import InputError
from bowerbird.world.config import POLICIES
from bowerbird.world.oracle import OraclePolicy
from bowerbird.world.policies import ExploringPolicy, Policy, PopularPolicy, RandomPolicy, SimilarPolicy
from bowerbird.world.world import World

VARIETY = 0.12
"""What the n-th item of one topic on a page loses, in cosines, times n."""


def policy_of(name: str, world: World, *, explore: float = 0.0) -> Policy:
    """The policy; with `explore`, that share of the places is given to chance.

    Raises:
        InputError: there is no such policy.
    """
    seed, count = world.config.seed, len(world.people)
    if name == "random":
        policy: Policy = RandomPolicy(seed)
    elif name == "popular":
        policy = PopularPolicy(world.items)
    elif name == "similar":
        policy = SimilarPolicy(world.items, count)
    elif name == "diverse":
        policy = SimilarPolicy(world.items, count, variety=VARIETY)
    elif name == "oracle":
        policy = OraclePolicy(world)
    else:
        raise InputError(
            f"the policy {name!r} was asked for; needed is one of {', '.join(POLICIES)}; name one"
        )
    return ExploringPolicy(policy, explore, seed) if explore > 0 else policy
