"""How the package is built: the requirements stand in requirements/, the rest in pyproject.toml."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent


def version() -> str:
    """The version of ostrdet/version.py, read without importing what may not be installed yet."""
    text = (ROOT / 'ostrdet' / 'version.py').read_text(encoding='utf-8')
    found = re.search(r"^__version__ = '(.+)'$", text, re.MULTILINE)
    assert found is not None, 'ostrdet/version.py has no __version__'
    return found[1]


def requirements(name: str) -> list[str]:
    """The requirements of requirements/<name>.txt, without their comments."""
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text(encoding='utf-8').splitlines()
    return [entry for line in lines if (entry := line.partition('#')[0].strip())]


setup(
    name='ostrdet',
    version=version(),
    description='Differentiable architecture search that selects by operation strength',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license_expression='Apache-2.0',
    license_files=['LICENSE'],
    python_requires='>=3.11',
    packages=[*find_packages(include=['ostrdet', 'ostrdet.*']), 'ostrdet.configs'],
    # A wheel carries the configs inside the package; a checkout has them beside it.
    package_dir={'ostrdet': 'ostrdet', 'ostrdet.configs': 'configs'},
    package_data={
        'ostrdet': ['py.typed', 'visualization/templates/*', 'commands/project/*'],
        'ostrdet.configs': ['**/*.py', '**/*.json', '**/*.yaml'],
    },
    entry_points={'console_scripts': ['ostrdet = ostrdet.commands.main:main']},
    install_requires=requirements('runtime'),
    extras_require={extra: requirements(extra) for extra in ('tests', 'optional', 'ray', 'docs')},
)
