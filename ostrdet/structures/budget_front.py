"""What a budget buys: the points of a front of cost and score."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FrontPoint:
    """A genotype that some budget chooses.

    Attributes:
        unit: 'macs', 'params' or 'latency'.
        budget: The budget that was asked for in that unit; milliseconds for the last.
        cost: What the genotype costs, which is the smallest budget that chooses it.
        score: Its score.
        share: That as a part of the score of the best genotype without any budget.
        genotype: As text, in the form of the space.
    """

    unit: str
    budget: float
    cost: float
    score: float
    share: float
    genotype: str
