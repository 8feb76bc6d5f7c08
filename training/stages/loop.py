"""The loop that both stages share: it can be killed at any time and goes on from its last checkpoint.

Several processes may run it together, each on its part of every batch.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from training import processes
from training.config import StageConfig
from training.stages.average import AveragedNetwork
from training.stages.checkpoint import load_checkpoint, read_checkpoint, save_checkpoint
from training.stages.schedule import cycle_at, learning_rate

# Steps between two looks at the loss: each waits until the device has done what it was given.
_READ_EVERY = 20


class Observer(Protocol):
    """Looks at the averaged network at the end of some epochs and says how good it is (more is better)."""

    def __call__(self, network: nn.Module, writer: SummaryWriter, epoch: int) -> float:
        """Evaluate ``network``, which is in evaluation mode, and log what there is to see."""
        ...


@dataclass(frozen=True)
class Hardware:
    """Where and how a training runs; nothing here changes what is learned beyond rounding.

    Attributes:
        device: ``cpu`` or ``cuda``.
        workers: Processes that draw samples; 0 draws them between the steps.
        mixed_precision: Whether the forward pass computes in bfloat16.
        checkpoint_every: Steps between two checkpoints.
    """

    device: str = "cpu"
    workers: int = 1
    mixed_precision: bool = True
    checkpoint_every: int = 200


@dataclass(frozen=True)
class Stage:
    """One stage: what is trained, on what, towards what.

    Attributes:
        name: Name of its files in the run folder.
        network: What is trained; parameters that need no gradient stay as they are.
        samples: Every sample of the whole stage, in order.
        images: Images an epoch shows.
        loss: Maps the network and a batch on the device to a scalar.
        config: Its hyper-parameters.
        observe: Called every ``observe_every`` epochs and at the end.
        observe_every: Epochs between two looks.
    """

    name: str
    network: nn.Module
    samples: Dataset[Any]
    images: int
    loss: Callable[[nn.Module, Any], Tensor]
    config: StageConfig
    observe: Observer
    observe_every: int = 5


def run_stage(stage: Stage, folder: Path, hardware: Hardware) -> None:
    """Train a stage to its end, from its last checkpoint if there is one.

    Afterwards ``stage.network`` is the averaged network of the last cycle's best epoch, in evaluation mode.

    Args:
        stage: What to train.
        folder: Run folder; receives ``<name>.checkpoint.pt``, ``<name>.best.pt`` and TensorBoard's files.
        hardware: Where and how.
    """
    _Loop(stage, folder, hardware).run()


def best_file(folder: Path, stage: str) -> Path:
    """Where a run folder keeps the averaged weights of a stage's best epoch."""
    return folder / f"{stage}.best.pt"


class _Loop:
    def __init__(self, stage: Stage, folder: Path, hardware: Hardware) -> None:
        self.stage, self.folder, self.hardware = stage, folder, hardware
        self.network = stage.network.to(hardware.device)
        # Not compiled: torch.compile saves 4 % of a step of the paper's network and slows a compact one.
        # Channels last is what bfloat16 convolutions compute in; converting each layer would cost more.
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        trained = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(
            trained, lr=stage.config.learning_rate, weight_decay=stage.config.weight_decay
        )
        self.average = AveragedNetwork(self.network, stage.config.average_decay)
        self.shared = processes.shared(self.network)
        self.step = 0
        self.unread: list[Tensor] = []  # loss and norm of the gradient of each step since they were read
        # Its cycle first: what a later one starts from is not its rival.
        self.best = (0, float("-inf"))
        self.checkpoint = folder / f"{stage.name}.checkpoint.pt"
        self.best_file = best_file(folder, stage.name)

    @property
    def steps(self) -> int:
        return max(1, self.stage.config.epochs * self.stage.images // self.stage.config.batch_size)

    @property
    def epoch(self) -> float:
        return self.step * self.stage.config.batch_size / self.stage.images

    def run(self) -> None:
        self._resume()
        if processes.number() == 0:
            self._run_and_tell()
        else:
            self._run_along()
        processes.wait()
        self.network.load_state_dict(read_checkpoint(self.best_file))
        self.network.eval()

    def _run_and_tell(self) -> None:
        writer = SummaryWriter(self.folder / "tensorboard" / self.stage.name, purge_step=self.step + 1)
        with writer, tqdm(total=self.steps, initial=self.step, desc=self.stage.name, unit="step") as bar:
            for batch in self._batches():
                self._train_step(batch)
                checkpoint_due = self.step % self.hardware.checkpoint_every == 0 or self.step == self.steps
                observation_due = self._observation_due()
                if checkpoint_due or observation_due or self.step % _READ_EVERY == 0:
                    self._read(writer, bar)
                if observation_due:
                    self._observe(writer)
                if checkpoint_due:
                    self._save()

    def _run_along(self) -> None:
        """Do every step with process 0, which alone looks at the network and writes files."""
        for batch in self._batches():
            self._train_step(batch)
            self.unread.clear()

    def _batches(self) -> Iterator[Any]:
        if self.step == self.steps:
            return iter(())
        size = self.stage.config.batch_size
        part = size // processes.count()
        first = processes.number() * part
        loader: DataLoader[Any] = DataLoader(
            self.stage.samples,
            batch_size=part,
            sampler=[
                index
                for start in range(self.step * size, self.steps * size, size)
                for index in range(start + first, start + first + part)
            ],
            num_workers=self.hardware.workers,
            pin_memory=self.hardware.device != "cpu",
            worker_init_fn=_single_thread,
            # A forked process inherits OpenCV's locks without the threads that would release them.
            multiprocessing_context="spawn" if self.hardware.workers else None,
        )
        return iter(loader)

    def _train_step(self, batch: Any) -> None:  # noqa: ANN401 - a stage knows its batch, the loop does not
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.stage.config, self.epoch)
        self.network.train()
        with self._precision():
            loss = self.stage.loss(self.shared, _to(batch, self.hardware.device))
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self.stage.config.gradient_clip)
        self.optimizer.step()
        self.average.update(self.network, self.step)
        self.step += 1
        self.unread.append(torch.stack([loss.detach().float(), norm.detach().float()]))

    def _read(self, writer: SummaryWriter, bar: "tqdm[Any]") -> None:
        """Read the losses since the last time: the one place where the loop waits for the device."""
        losses, norms = torch.stack(self.unread).T.tolist()
        self.unread.clear()
        bar.update(len(losses))
        # Better to stop here, with the last checkpoint whole, than to train on with broken weights.
        if not all(map(math.isfinite, losses + norms)):
            raise RuntimeError(f"the loss or its gradient is not finite by step {self.step}")
        loss = sum(losses) / len(losses)
        writer.add_scalar("loss", loss, self.step)
        writer.add_scalar("learning_rate", self.optimizer.param_groups[0]["lr"], self.step)
        rate = (bar.format_dict["rate"] or 0) * self.stage.config.batch_size
        bar.set_postfix(loss=f"{loss:.5f}", epoch=f"{self.epoch:.1f}", images_per_second=f"{rate:.1f}")

    def _observation_due(self) -> bool:
        size, images = self.stage.config.batch_size, self.stage.images
        epoch_ended = self.step * size // images > (self.step - 1) * size // images
        due = epoch_ended and round(self.epoch) % self.stage.observe_every == 0
        return due or self.step == self.steps

    def _observe(self, writer: SummaryWriter) -> None:
        averaged = self.average.module.eval()
        with self._precision():
            quality = self.stage.observe(averaged, writer, self.step)
        candidate = (cycle_at(self.stage.config, self.epoch), quality)
        if candidate > self.best:
            self.best = candidate
            save_checkpoint(self.best_file, averaged.state_dict())

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.hardware.device, torch.bfloat16, enabled=self.hardware.mixed_precision)

    def _resume(self) -> None:
        state = load_checkpoint(self.checkpoint)
        if state is None:
            return
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average.load_state_dict(state["average"])
        self.step, self.best = state["step"], tuple(state["best"])

    def _save(self) -> None:
        state = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.state_dict(),
            "step": self.step,
            "best": self.best,
        }
        save_checkpoint(self.checkpoint, state)


def _single_thread(worker: int) -> None:
    del worker
    # Each process draws whole samples by itself; threads inside would only fight over the cores.
    cv2.setNumThreads(1)


def _to(batch: Any, device: str) -> Any:  # noqa: ANN401 - the shape of a batch is the stage's own
    if isinstance(batch, Tensor):
        return batch.to(device, non_blocking=True)
    return [_to(part, device) for part in batch]
