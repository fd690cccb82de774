"""``report.html``: one page that shows a search and why it chose what it chose."""

from pathlib import Path

from ostrdet.records.history import SearchHistory, read_history
from ostrdet.records.stages import stage_folders
from ostrdet.version import __version__
from ostrdet.visualization.page import PAGES, Picture
from ostrdet.visualization.report import pictures as pictures
from ostrdet.visualization.report.front_pictures import front_pictures
from ostrdet.visualization.report.judgement import collapse_warnings, settled
from ostrdet.visualization.report.panels import dash_array, trajectories
from ostrdet.visualization.report.stages import report_of_stages
from ostrdet.visualization.report.text import compared, comparison, genotype_text, meaning, tiles
from ostrdet.visualization.style import line_style, page_colour


def report_of(work_dir: str | Path) -> str:
    """The page of a search, as HTML that refers to nothing outside of itself.

    That of a search in stages refers to the pages of the stages.

    Args:
        work_dir: Work dir of the search.

    Raises:
        FileNotFoundError: If it holds no search, or one that has finished no epoch yet.
        InvalidValueError: If a file is damaged.
    """
    if folders := stage_folders(work_dir):
        return report_of_stages(Path(work_dir), folders)
    return render_report(read_history(work_dir))


def render_report(history: SearchHistory) -> str:
    """The page of a search that was read."""
    ops = history.space.ops
    sections: dict[str, list[Picture]] = {
        'What the cells are worth': list(pictures.table_pictures(history)),
        'What a budget buys': list(front_pictures(history)),
        'How the search went': [
            pictures.stability_picture(history),
            *pictures.collapse_pictures(history),
            *pictures.training_pictures(history),
            *pictures.progress_pictures(history),
        ],
    }
    return PAGES.get_template('report.html.j2').render(
        facts=history.facts,
        criterion=history.facts.criterion,
        meaning=meaning(history.facts.criterion),
        rival=history.rival,
        is_finished=history.epochs[-1] == history.facts.max_epochs,
        comparison=comparison(history),
        settled=settled(history),
        genotypes={name: genotype_text(history, name) for name in compared(history)},
        tiles=list(tiles(history)),
        warnings=list(collapse_warnings(history)),
        cells=list(pictures.cell_pictures(history)),
        margins=list(pictures.margin_pictures(history)),
        sections={title: found for title, found in sections.items() if found},
        trajectories=list(trajectories(history)),
        ops=[(op, op in history.space.selectable_ops) for op in ops],
        op_styles=[(page_colour(line_style(i)['color']), dash_array(i)) for i in range(len(ops))],
        version=__version__,
    )
