"""The classifier of a genotype by name and size."""

from ostrdet.errors import InvalidValueError
from ostrdet.models.networks import DerivedClassifier
from ostrdet.networks.size import Source, found_size


def build_derived(
    genotype: Source,
    layout: str,
    num_classes: int | None = None,
    aux: bool = False,
    *,
    channels: int | None = None,
    num_cells: int | None = None,
) -> DerivedClassifier:
    """The classifier of a genotype, at a published size or at your own.

    Args:
        genotype: Published name, file, text or :class:`~ostrdet.structures.Genotype`.
        layout: Name of the size ('cifar10', 'cifar100', 'imagenet', ...), see the space's layouts.
        num_classes: Classes, where they differ from the layout's.
        aux: Whether it has an auxiliary head, where the layout knows one.
        channels: Channels C of the first cells, where they differ from the layout's.
        num_cells: Depth, as the space counts it, where it differs from the layout's.

    Raises:
        FileNotFoundError: If there is no such genotype file.
        GenotypeError: If the genotype does not belong to its space.
        UnknownNameError: If a name is unknown; the nearest is offered.
        InvalidValueError: If a number is less than 1.

    Examples:
        >>> network = build_derived('darts_v2', 'cifar10', num_classes=7, channels=16, num_cells=8)
        >>> network.head.fc.out_features
        7
    """
    found, size = found_size(genotype, layout, channels, num_cells)
    if num_classes is None:
        num_classes = size.num_classes
    if num_classes < 1:
        raise InvalidValueError(f'num_classes={num_classes}, expected at least 1')
    return DerivedClassifier(found, size, num_classes, aux)
