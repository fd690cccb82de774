"""What a budget buys, on the page of a search."""

from collections.abc import Iterator

from ostrdet.records.history import SearchHistory
from ostrdet.visualization.fronts import AXES, chosen, front_svg, units_of
from ostrdet.visualization.page import Picture, picture


def front_pictures(history: SearchHistory) -> Iterator[Picture]:
    """A figure for every front of the work dir and every unit in it."""
    for criterion, points in history.fronts.items():
        whose = criterion or history.facts.criterion
        when = ', selected after the search' if criterion else ''
        for unit, own in units_of(points).items():
            name, one = AXES[unit]
            name = name.partition(',')[0]
            label = f'Score of {whose} by {name}{when}'
            kept, number = chosen(own), f'{{:,.4g}}{"" if one == 1 else " M"}'.format
            yield picture(
                label,
                f'The best cell within every budget, each dot another cell. A budget of '
                f'{number(own[0].budget / one)} chooses one of {number(kept.cost / one)} with '
                f'{100 * kept.share:.1f} % of the score of the free choice.',
                front_svg(label, own),
            )
