"""What a published genotype's provenance says about its networks: accuracies and sizes."""

from collections.abc import Mapping
from decimal import Decimal

from ostrdet.structures import Genotype

#: Data set of each layout.
DATASETS = {
    'cifar10': 'CIFAR-10',
    'cifar100': 'CIFAR-100',
    'imagenet': 'ImageNet-1k',
    'imagenet16_120': 'ImageNet16-120',
}
#: The counts that a published figure may mean, in the order in which they are tried.
CONVENTIONS = {
    'params': {'params': 'without auxiliary head', 'params_aux': 'with auxiliary head'},
    'macs': {'macs': 'convolutions, linear layers', 'macs_bn_relu': 'with BatchNorm, ReLU'},
}
_SUFFIXES = {'_top1': 'Top 1 Accuracy', '': 'Top 1 Accuracy', '_top5': 'Top 5 Accuracy'}


def accuracies(genotype: Genotype, layout: str) -> dict[str, str]:
    """The published accuracies in percent, as printed.

    Examples:
        >>> accuracies(Genotype({}, {}, {'published_accuracy': {'cifar10': '97.24 +- .09'}}), 'cifar10')
        {'Top 1 Accuracy': '97.24 +- .09'}
    """
    published = genotype.provenance.get('published_accuracy', {})
    return {
        metric: published[layout + suffix]
        for suffix, metric in _SUFFIXES.items()
        if layout + suffix in published
    }


def millions(published: str, count: int) -> bool:
    """Whether ``count``, rounded to the digits of a published number of millions, is that number.

    Examples:
        >>> millions('4.7 M', 4_718_752), millions('574 M', 529_911_552)
        (True, False)
    """
    number = Decimal(published.removesuffix(' M'))
    return (Decimal(count) / 10**6).quantize(number) == number


def convention(kind: str, published: str, counts: Mapping[str, int]) -> str | None:
    """The count that a published size is; None where none of them gives it.

    Args:
        kind: 'params' or 'macs'.
        published: Millions, as printed ('4.7 M').
        counts: The counts of the network, by the fields of ``Complexity``.
    """
    return next((name for name in CONVENTIONS[kind] if millions(published, counts[name])), None)
