"""Calls in the installed libraries that run, import or unpickle what they are given, found in their source."""

import ast
import os
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

LIBRARIES = ('mmcv', 'mmdet', 'mmengine', 'mmpretrain', 'torchvision')
#: By their dotted text in the source.
CALLS = {
    'eval',
    'exec',
    '__import__',
    'import_module',
    'importlib.import_module',
    'get_object_from_string',
    'import_modules_from_strings',
    'pickle.load',
    'pickle.loads',
    'torch.load',
    '_safe_torch_load',
    'load_url',
    'np.load',
    'os.system',
    'run_path',
    'from_pretrained',
    'cls.from_pretrained',
    'subprocess.call',
    'subprocess.Popen',
    'subprocess.check_call',
    'subprocess.check_output',
    'subprocess.getoutput',
}
#: Whose attributes are asked for by a name that is no literal.
MODULES = {'torch', 'torch.optim', 'torch.nn', 'nn', 'np', 'cv2', 'torchvision.transforms'}
_HINT = re.compile(
    r'(?<![\w.])(?:' + '|'.join(map(re.escape, sorted(CALLS))) + r'|getattr\((?:torch|nn|np|cv2))\b'
)


def found_calls() -> Iterator[tuple[str, str]]:
    """Every file with such a call, and the call."""
    for library in LIBRARIES:
        spec = find_spec(library)
        assert spec is not None
        assert spec.origin is not None
        root = Path(spec.origin).parent
        for folder, inner, files in os.walk(root):
            inner[:] = [name for name in inner if name != '.mim']
            for path in (Path(folder, name) for name in files if name.endswith('.py')):
                name = path.relative_to(root.parent).as_posix()
                yield from ((name, call) for call in _calls_in(path.read_text('utf-8')))


def _calls_in(text: str) -> set[str]:
    if not _HINT.search(text):
        return set()
    return {
        found
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and (found := _call(node)) is not None
    }


def _call(node: ast.Call) -> str | None:
    name = ast.unparse(node.func)
    if name in CALLS:
        return name
    if name == 'getattr' and not isinstance(node.args[1], ast.Constant):
        owner = ast.unparse(node.args[0])
        return f'getattr({owner})' if owner in MODULES else None
    return None
