"""How Sphinx builds the site: ``make docs`` writes it to build/docs."""

import re
from pathlib import Path

from docutils.nodes import Element
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from ostrdet.version import __version__

project = 'ostrdet'
release = version = __version__
extensions = [
    'myst_parser',
    'sphinx.ext.autodoc',
    'sphinx.ext.autosummary',
    'sphinx.ext.mathjax',
    'sphinx.ext.napoleon',
]
templates_path = ['_templates']
html_theme = 'furo'
html_title = f'ostrdet {version}'
html_static_path = ['_static']
html_css_files = ['site.css']
highlight_language = 'none'  # indented blocks are commands, configs and Python alike
myst_heading_anchors = 3

autodoc_default_options = {'members': True, 'ignore-module-all': True, 'show-inheritance': True}
autodoc_member_order = 'bysource'
napoleon_use_ivar = True  # the fields of a dataclass would be described twice
nitpicky = True
nitpick_ignore = [
    # Imported for annotations alone
    *(('py:class', name) for name in ('Tensor', 'Console', 'LinearOperator')),
    # The signature of torch's DataLoader, by the names of its module
    *(('py:class', name) for name in ('Dataset', 'Sampler', '_T_co')),
    *(('py:class', name) for name in ('_collate_fn_t', '_worker_init_fn_t')),
]
OTHERS = (
    *(
        'abc',
        'argparse',
        'ast',
        'collections',
        'contextlib',
        'enum',
        'http',
        'os',
        'pathlib',
        'random',
        'types',
    ),
    *(
        'markupsafe',
        'matplotlib',
        'mmcv',
        'mmdet',
        'mmengine',
        'mmpretrain',
        'networkx',
        'numpy',
        'scipy',
    ),
    'torch',
)
# a build without a network can't look their pages up
nitpick_ignore_regex = [('py:.*', rf'({"|".join(OTHERS)})\b.*')]


def keep_colons(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Keep napoleon from taking what stands before a colon for the type of an attribute."""
    if what in ('attribute', 'data', 'property'):
        lines[:0] = ['..', '']  # an empty comment, in which there is no colon


def find_by_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, text: Element
) -> Element | None:
    """Resolve what a docstring names as its readers import it, if one object has that name."""
    python, target = env.domains.python_domain, node['reftarget']
    for name in (target, target.rpartition('.')[2]):
        found = [
            known
            for known, entry in python.objects.items()
            if known.endswith(f'.{name}') and entry.objtype != 'module'
        ]
        if len(found) == 1 and node['refdomain'] == 'py':
            return python.resolve_xref(
                env, node['refdoc'], app.builder, node['reftype'], found[0], node, text
            )
    return None


def list_as_toctree(app: Sphinx, page: str, source: list[str]) -> None:
    """Make the lists of links of the first page the navigation; what they lack comes last."""
    if page != 'index':
        return
    trees = {
        title: re.findall(r'^\* \[.*?\]\((\S+)\.md\)', part, re.MULTILINE)
        for title, part in re.findall(r'^## (.+)\n((?:(?!## ).*\n)*)', source[0], re.MULTILINE)
    }
    listed = {name for names in trees.values() for name in names} | {'index'}
    trees['More'] = sorted({file.stem for file in Path(app.srcdir).glob('*.md')} - listed)
    for title, names in trees.items():
        if names:
            lines = '\n'.join(names)
            source[0] += f'\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n{lines}\n```\n'


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect('autodoc-process-docstring', keep_colons, priority=400)  # napoleon has 500
    app.connect('missing-reference', find_by_name)
    app.connect('source-read', list_as_toctree)
