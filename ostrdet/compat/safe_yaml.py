"""YAML files that make no objects."""

from typing import Any

import yaml
from mmengine import fileio
from mmengine.fileio import BaseFileHandler


class SafeYamlHandler(BaseFileHandler):
    """Reads YAML without its tags for Python objects, which mmengine's own would make."""

    def load_from_fileobj(self, file: Any, **kwargs: Any) -> Any:
        """Plain values of an open file."""
        return yaml.safe_load(file)

    def dump_to_fileobj(self, obj: Any, file: Any, **kwargs: Any) -> None:
        """Write plain values to an open file."""
        yaml.safe_dump(obj, file, **kwargs)

    def dump_to_str(self, obj: Any, **kwargs: Any) -> str:
        """Plain values as text."""
        text: str = yaml.safe_dump(obj, **kwargs)
        return text


def read_yaml_safely() -> None:
    """Let all of mmengine read and write YAML by it."""
    fileio.register_handler(['yaml', 'yml'])(SafeYamlHandler)
