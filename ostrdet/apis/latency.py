"""Speed of a network or of single operations, and memory: what ``tools/benchmark_latency.py`` calls."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor, nn
from torch.utils.benchmark import Measurement, Timer

from ostrdet.apis.load_model import Logits, build_model, image_size, lay_out, random_images
from ostrdet.engine.peak_memory import resident_peak_mib
from ostrdet.errors import InvalidValueError
from ostrdet.models.networks import DerivedCellBackbone
from ostrdet.models.networks.derived_cell import AFFINE_NORM
from ostrdet.models.ops import build_op
from ostrdet.networks import build_derived
from ostrdet.settings import search
from ostrdet.settings.train import load_config
from ostrdet.spaces import SearchSpace, build_space
from ostrdet.spaces.zoo import get_genotype
from ostrdet.structures.cell_costs import Place, all_places

#: Measured for that many seconds at least, and at most if the runs differ much.
SECONDS = (2.0, 20.0)
#: The same, for each of many operations.
OP_SECONDS = (0.2, 2.0)
DTYPES = {None: torch.float32, 'bfloat16': torch.bfloat16, 'float16': torch.float16}


@dataclass(frozen=True)
class Latency:
    """How long a batch takes, and on what.

    Attributes:
        device: Kind and name of the processor.
        threads: Threads of torch.
        dtype: That of convolutions and linear layers.
        memory_format: 'contiguous_format' or 'channels_last'.
        compiled: Whether by ``torch.compile``.
        batch_size: Images per batch.
        size: Height and width of the images, in pixels.
        runs: Batches measured. Their times are taken in blocks of equal size, one batch or more.
        blocks: Number of blocks.
        ms_median: Milliseconds per batch, the median of the blocks.
        ms_p90: The same, the 90 % quantile.
        images_per_second: At the median.
        peak_mib: Most memory in MiB: allocated on a GPU, else resident of the whole process.
        torch: Version of torch.
    """

    device: str
    threads: int
    dtype: str
    memory_format: str
    compiled: bool
    batch_size: int
    size: tuple[int, int]
    runs: int
    blocks: int
    ms_median: float
    ms_p90: float
    images_per_second: float
    peak_mib: float
    torch: str


def benchmark_latency(
    network: nn.Module,
    size: tuple[int, int],
    batch_size: int = 1,
    iterations: int | None = None,
    device: str | None = None,
    amp: str | None = None,
    channels_last: bool = False,
    compile_network: bool = False,
    threads: int | None = None,
) -> Latency:
    """Measure the inference of a network on random images.

    Args:
        network: Maps images (N, 3, H, W) to anything.
        size: Height and width of the images, in pixels.
        batch_size: Images per batch.
        iterations: Batches to measure, each by itself; None measures for some seconds.
        device: 'cpu', 'cuda', ...; None takes a GPU if there is one.
        amp: 'bfloat16' or 'float16' for autocast.
        channels_last: Whether to lay out weights and images channels last; False leaves it to the
            network.
        compile_network: Whether to compile it first.
        threads: Threads of torch on the CPU; None leaves them as they are.

    Raises:
        InvalidValueError: If the device is not there, a number is less than 1, or the images are
            smaller than the stride of the network.
    """
    _check_counts(iterations, threads)
    place, layout = _device(device, amp), _lay_out(network, channels_last)
    images = random_images(batch_size, size).to(place, memory_format=layout)
    network.to(place).eval()
    step = _step(torch.compile(network) if compile_network else network, images, amp)
    timer = _timer(step, threads)
    if place.type == 'cuda':
        torch.cuda.reset_peak_memory_stats(place)
    measured = _measure(timer, iterations, SECONDS)
    p90 = torch.tensor(measured.times, dtype=torch.float64).quantile(0.9).item()
    return Latency(
        device=_device_name(place),
        threads=measured.num_threads,
        dtype=str(DTYPES[amp]).removeprefix('torch.'),
        memory_format=str(layout).removeprefix('torch.'),
        compiled=compile_network,
        batch_size=batch_size,
        size=size,
        runs=len(measured.times) * measured.number_per_run,
        blocks=len(measured.times),
        ms_median=measured.median * 1000,
        ms_p90=p90 * 1000,
        images_per_second=batch_size / measured.median,
        peak_mib=_peak_mib(place),
        torch=torch.__version__,
    )


def benchmark_ops(
    space: SearchSpace,
    layout: str,
    batch_size: int = 1,
    iterations: int | None = None,
    device: str | None = None,
    amp: str | None = None,
    channels_last: bool = False,
    threads: int | None = None,
) -> list[tuple[str, Place, float]]:
    """Measure every operation of a space wherever it may stand in a derived network.

    Args:
        space: The search space.
        layout: Published size of the network.
        batch_size: As in :func:`benchmark_latency`, as are the others.
        iterations: Batches to measure of each; None measures for a part of a second.
        device: Kind of processor.
        amp: Type of autocast.
        channels_last: Memory format.
        threads: On the CPU.

    Returns:
        Operation, place and median milliseconds of a batch, as :class:`LatencyTable` holds them.

    Raises:
        InvalidValueError: As :func:`benchmark_latency`.
        UnknownNameError: If the space has no such layout; the nearest name is offered.
    """
    _check_counts(iterations, threads, batch_size)
    size, on = space.layout(layout), _device(device, amp)
    plan = space.plan(size.stem, size.channels, size.num_cells)
    form = torch.channels_last if channels_last else torch.contiguous_format
    found = []
    for place in all_places(plan, space.cells, size.image_size):
        shape = (batch_size, place.channels, place.size, place.size)
        features = torch.rand(shape, device=on).to(memory_format=form)
        for op in space.ops:
            module = build_op(op, place.channels, place.stride, AFFINE_NORM).eval()
            step = _step(module.to(on).to(memory_format=form), features, amp)
            timer = _timer(step, threads)
            found.append((op, place, _measure(timer, iterations, OP_SECONDS).median * 1000))
    return found


def space_of(config: str | Path | None, genotype: str | Path | None) -> SearchSpace:
    """The space of the config of a search, or of a genotype.

    Raises:
        Exception: As :func:`ostrdet.settings.search.load_config`, or :func:`get_genotype`.
    """
    if config is not None:
        return build_space(search.load_config(config).model.supernet.space)
    assert genotype is not None
    return build_space(get_genotype(genotype).space)


def network_of_config(
    config: str | Path | Config, genotype: str | Path | None = None
) -> tuple[nn.Module, tuple[int, int]]:
    """The network of a config, untrained, with the height and width of its test images in pixels.

    Raises:
        Exception: As in :func:`ostrdet.apis.train.build_training`.
        InvalidTypeError: If the model is no classifier.
    """
    cfg = load_config(config, genotype)
    model = build_model(cfg)
    return Logits(model), image_size(cfg, model)


def network_of_layout(genotype: str | Path, layout: str) -> tuple[nn.Module, tuple[int, int]]:
    """The network of a genotype at a published size, untrained, with its images' height and width.

    Raises:
        GenotypeError: If the genotype is malformed.
        UnknownNameError: If the genotype or the layout is unknown; the nearest name is offered.
    """
    found = get_genotype(genotype)
    pixels = build_space(found.space).layout(layout).image_size
    return build_derived(found, layout), (pixels, pixels)


def _check_counts(iterations: int | None, threads: int | None, batch_size: int = 1) -> None:
    counts = {'--iterations': iterations, '--threads': threads, '--batch-size': batch_size}
    for name, value in counts.items():
        if value is not None and value < 1:
            raise InvalidValueError(f'{name} {value}: expected a number of at least 1')


def _timer(step: Callable[[], None], threads: int | None) -> Timer:
    timer = Timer('step()', globals={'step': step}, num_threads=threads or torch.get_num_threads())
    timer.timeit(1)  # warms up, and compiles for this number of threads
    return timer


def _device(name: str | None, amp: str | None) -> torch.device:
    try:
        device = torch.device(name or ('cuda' if torch.cuda.is_available() else 'cpu'))
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:  # no such kind, or none of it in this machine
        raise InvalidValueError(
            f"--device: there is no '{name}' here; --device cpu always is"
        ) from error
    if amp == 'float16' and device.type == 'cpu':
        raise InvalidValueError('--amp float16 needs a GPU; use --amp bfloat16')
    return device


def _lay_out(network: nn.Module, channels_last: bool) -> torch.memory_format:
    """The memory format of the images, after it was imposed on the network if that is asked for."""
    if channels_last:
        lay_out(network, torch.channels_last)
        return torch.channels_last
    backbones = [module for module in network.modules() if isinstance(module, DerivedCellBackbone)]
    return backbones[0].memory_format if backbones else torch.contiguous_format


def _step(network: Callable[[Tensor], Any], images: Tensor, amp: str | None) -> Callable[[], None]:
    def step() -> None:
        with torch.inference_mode(), torch.autocast(images.device.type, DTYPES[amp], bool(amp)):
            network(images)

    return step


def _measure(timer: Timer, iterations: int | None, seconds: tuple[float, float]) -> Measurement:
    if iterations is None:
        return timer.adaptive_autorange(min_run_time=seconds[0], max_run_time=seconds[1])
    (merged,) = Measurement.merge([timer.timeit(1) for _ in range(iterations)])
    return merged


def _device_name(device: torch.device) -> str:
    if device.type == 'cuda':
        return f'{device} ({torch.cuda.get_device_name(device)})'
    return f'{device} ({torch.backends.cpu.get_cpu_capability()})'


def _peak_mib(device: torch.device) -> float:
    if device.type == 'cuda':
        return torch.cuda.max_memory_allocated(device) / 2**20
    return resident_peak_mib()
