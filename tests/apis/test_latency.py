"""Latency: what is measured, how often, and what is said about it; no time is asserted."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ostrdet.commands.benchmark_latency import main
from ostrdet.models.networks.counting import network_costs
from ostrdet.spaces import build_space
from ostrdet.spaces.zoo import get_genotype
from ostrdet.structures.latency_table import LatencyTable

PUBLISHED = ['--genotype', 'nb201_resnet', '--layout', 'cifar10']
SHORT = ['--size', '8', '--iterations', '2', '--device', 'cpu']


class Recorder(nn.Module):
    """Counts its calls and keeps what it saw last."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 3)
        self.calls = 0

    def forward(self, images: Tensor) -> Tensor:
        self.calls += 1
        self.images, self.threads = images, torch.get_num_threads()
        self.modes = (self.training, torch.is_inference_mode_enabled())
        self.features = self.conv(images)
        return self.features


def measure(network: nn.Module, **options: Any) -> Any:
    from ostrdet.apis.latency import benchmark_latency

    return benchmark_latency(network, (8, 10), iterations=3, device='cpu', **options)


def test_images_and_modes_are_those_of_inference() -> None:
    network = Recorder()
    found = measure(network, batch_size=4)
    assert network.images.shape == (4, 3, 8, 10)
    assert network.features.dtype == torch.float32
    assert network.modes == (False, True)
    assert network.images.is_contiguous()
    assert (found.dtype, found.memory_format) == ('float32', 'contiguous_format')
    assert (found.batch_size, found.size) == (4, (8, 10))
    assert network.calls >= found.runs


def test_figures_fit_together() -> None:
    found = measure(Recorder(), batch_size=4)
    assert (found.runs, found.blocks) == (3, 3)
    assert 0 < found.ms_median <= found.ms_p90
    assert found.images_per_second == pytest.approx(4 / found.ms_median * 1000)
    assert found.peak_mib > 50  # torch alone takes more
    assert found.torch == torch.__version__
    assert found.device.startswith('cpu (')


def test_quantiles_are_over_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    from torch.utils.benchmark import Measurement, Timer

    seconds = iter([9.0, *(float(second) for second in range(11))])

    def timeit(timer: Timer, number: int) -> Measurement:
        return Measurement(number, [next(seconds)], timer._task_spec)

    monkeypatch.setattr(Timer, 'timeit', timeit)
    from ostrdet.apis.latency import benchmark_latency

    found = benchmark_latency(Recorder(), (8, 8), iterations=11, device='cpu')
    assert (found.ms_median, found.ms_p90) == (5000, 9000)


def test_without_iterations_torch_chooses_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    from ostrdet.apis import latency as module

    monkeypatch.setattr(module, 'SECONDS', (0.01, 0.05))
    network = Recorder()
    found = module.benchmark_latency(network, (8, 8), device='cpu')
    assert found.runs % found.blocks == 0
    assert 1 <= found.runs <= network.calls


def test_threads_are_those_asked_for_while_it_measures() -> None:
    network, before = Recorder(), torch.get_num_threads()
    assert measure(network, threads=before + 1).threads == before + 1
    assert network.threads == before + 1
    assert torch.get_num_threads() == before


def test_autocast_computes_in_bfloat16() -> None:
    network = Recorder()
    assert measure(network, amp='bfloat16').dtype == 'bfloat16'
    assert network.features.dtype == torch.bfloat16
    assert network.conv.weight.dtype == torch.float32


def test_compiled_network_is_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = Recorder()
    monkeypatch.setattr(torch, 'compile', lambda network: compiled)
    network = Recorder()
    assert measure(network, compile_network=True).compiled
    assert (network.calls, compiled.calls > 3) == (0, True)


@pytest.mark.parametrize('channels_last', [False, True])
def test_derived_network_is_laid_out_as_asked(channels_last: bool) -> None:
    from ostrdet.apis.latency import network_of_layout
    from ostrdet.apis.load_model import lay_out

    network, size = network_of_layout('nb201_resnet', 'imagenet16_120')
    assert size == (16, 16)
    lay_out(network, torch.contiguous_format)
    seen = {}
    network.backbone.skeleton.tail.register_forward_hook(
        lambda module, inputs, output: seen.update(features=output)
    )
    found = measure(network, channels_last=channels_last)
    wanted = torch.channels_last if channels_last else torch.contiguous_format
    assert seen['features'].is_contiguous(memory_format=wanted)
    assert found.memory_format == str(wanted).removeprefix('torch.')


def test_network_of_a_config_keeps_its_layout_and_size(repo_root: Path) -> None:
    from ostrdet.apis.latency import network_of_config
    from ostrdet.compat import import_quietly

    import_quietly()
    config = repo_root / 'configs' / 'retrain' / 'darts_c10-mini.py'
    network, size = network_of_config(config, 'pc-darts_c10')
    assert size == (32, 32)
    assert network.classifier.head.aux is None
    assert measure(network).memory_format == 'channels_last'


def test_tool_prints_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*PUBLISHED, *SHORT, '--json', '--batch-size', '2', '--threads', '1']) == 0
    out, err = capsys.readouterr()
    assert err == ''
    found = json.loads(out)
    assert (found['batch_size'], found['size'], found['threads']) == (2, [8, 8], 1)
    assert (found['runs'], found['compiled']) == (2, False)


def test_tool_says_device_dtype_and_figures(
    repo_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = repo_root / 'configs' / 'retrain' / 'nb201_digits.py'
    assert main([str(config), *SHORT[2:], '--amp', '--threads', '1']) == 0
    out, err = capsys.readouterr()
    assert err == ''
    patterns = (
        r'device      cpu \(\S+\), 1 threads, torch \S+',
        r'batch       1 x 3 x 16 x 16, bfloat16, channels_last',
        r'latency     [\d.]+ ms per batch, 90 % within [\d.]+ ms \(2 batches, timed in 2 blocks\)',
        r'throughput  [\d,]+\.\d images/s',
        r'peak        [\d,]+ MiB',
    )
    for line, pattern in zip(out.splitlines(), patterns, strict=True):
        assert re.fullmatch(pattern, line)


def test_operations_are_measured_at_every_place(
    tmp_path: Path, repo_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / 'tables' / 'cpu.csv'
    config = str(repo_root / 'configs' / 'search' / 'ostr_nb201_digits.py')
    how = ['--layout', 'imagenet16_120', '--iterations', '1', '--device', 'cpu', '--json']
    assert main([config, '--ops', str(file), *how]) == 0
    assert json.loads(capsys.readouterr().out) == {'file': str(file), 'rows': 15}
    rows = [line.split(',') for line in file.read_text('utf-8').splitlines()]
    assert rows[0] == ['op', 'channels', 'size', 'stride', 'milliseconds']
    assert {tuple(row[1:4]) for row in rows[1:]} == {
        ('16', '16', '1'),
        ('32', '8', '1'),
        ('64', '4', '1'),
    }
    genotype = get_genotype('nb201_resnet')
    space = build_space(genotype.space)
    costs = network_costs(space, space.layout('imagenet16_120'), 'latency', LatencyTable(file))
    assert costs.of(genotype) > 0


def test_operations_see_the_size_and_stride_of_their_place(monkeypatch: pytest.MonkeyPatch) -> None:
    from ostrdet.apis import latency as module

    seen: list[Any] = []

    def recorded(name: str, channels: int, stride: int, norm_cfg: Any) -> nn.Module:
        return Seen(seen, name, stride)

    monkeypatch.setattr(module, 'build_op', recorded)
    space = build_space({'type': 'DARTSSpace', 'ops': ['skip_connect', 'none'], 'num_nodes': 1})
    found = module.benchmark_ops(space, 'cifar10', batch_size=2, iterations=1, device='cpu')
    expected = {
        (op, (2, width, size, size), stride)
        for op in ('skip_connect', 'none')
        for width, size, stride in [
            (36, 32, 1),
            (72, 32, 2),
            (72, 16, 1),
            (144, 16, 2),
            (144, 8, 1),
        ]
    }
    assert set(seen) == expected
    assert len(found) == len(expected)
    assert {(op, place.channels, place.stride) for op, place, _ in found} == {
        (op, shape[1], stride) for op, shape, stride in expected
    }


class Seen(nn.Module):
    """Keeps the shapes of what it reads."""

    def __init__(self, seen: list[Any], name: str, stride: int) -> None:
        super().__init__()
        self.seen, self.name, self.stride = seen, name, stride

    def forward(self, features: Tensor) -> None:
        assert torch.is_inference_mode_enabled()
        self.seen.append((self.name, tuple(features.shape), self.stride))


@pytest.mark.parametrize(
    ('argv', 'message'),
    [
        ([], 'give either CONFIG, or --genotype and --layout'),
        (['a.py', *PUBLISHED], 'give either CONFIG, or --genotype and --layout'),
        (['--layout', 'cifar10'], '--layout needs --genotype'),
        (['a.py'], "there is no config file 'a.py'"),
        (['--genotype', 'darts_v3', '--layout', 'cifar10'], "no genotype 'darts_v3'"),
        (['--genotype', 'darts_v2', '--layout', 'cifar'], "unknown layout 'cifar'"),
        ([*PUBLISHED, '--size', '3'], 'images of 3x3 pixels are smaller than the stride'),
        ([*PUBLISHED, '--batch-size', '0'], 'a batch of 0 images'),
        ([*PUBLISHED, '--iterations', '0'], '--iterations 0: expected a number of at least 1'),
        ([*PUBLISHED, '--threads', '-1'], '--threads -1: expected a number of at least 1'),
        ([*PUBLISHED, '--device', 'abacus'], "there is no 'abacus' here"),
        ([*PUBLISHED, '--device', 'cpu', '--amp', 'float16'], '--amp float16 needs a GPU'),
        (['configs/search/ostr_nb201_digits.py'], 'expected a classifier'),
        (['--ops', 'a.csv', '--layout', 'cifar10'], '--ops needs --layout, and either CONFIG or'),
        (['--ops', 'a.csv', 'a.py'], '--ops needs --layout, and either CONFIG or --genotype'),
        (['--ops', 'a.csv', *PUBLISHED, '--size', '8'], '--ops goes without --size'),
        (['--ops', 'a.csv', *PUBLISHED, '--batch-size', '0'], '--batch-size 0: expected a number'),
        (['--ops', 'a.csv', *PUBLISHED, '--device', 'abacus'], "there is no 'abacus' here"),
    ],
)
def test_bad_input_is_one_line(
    argv: list[str],
    message: str,
    repo_root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(repo_root)
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ''
    assert re.fullmatch(f'error: .*{message}.*\\n', err)


def test_help_names_every_option_and_needs_nothing_heavy(
    repo_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(['--help'])
    out = capsys.readouterr().out
    options = ('CONFIG', 'genotype', 'layout', 'batch-size', 'size', 'iterations', 'device', 'amp')
    assert all(option in out for option in options)
    assert all(f'--{name}' in out for name in ('channels-last', 'compile', 'threads', 'json'))
    assert max(map(len, out.splitlines())) <= 100
    code = (
        'import sys; from ostrdet.commands.benchmark_latency import build_parser;'
        "build_parser().format_help(); sys.exit(bool({'torch', 'numpy'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, '-c', code], check=True, cwd=repo_root)
