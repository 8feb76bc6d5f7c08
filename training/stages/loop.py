"""The loop that both stages share: it can be killed at any time and goes on from its last checkpoint.

Several processes may run it together, each on its part of every batch.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from training import processes
from training.stages.average import AveragedNetwork
from training.stages.checkpoint import load_checkpoint, read_checkpoint, save_checkpoint
from training.stages.schedule import cycle_at, learning_rate
from training.stages.stage import Hardware, Stage

# Steps between two log entries: reading the loss waits until the device has done what it was given.
_LOG_INTERVAL = 20


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
        self.unlogged: list[Tensor] = []  # loss and gradient norm of each step since the last log entry
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
            self._train_and_log()
        else:
            self._train_beside()
        processes.wait()
        self.network.load_state_dict(read_checkpoint(self.best_file))
        self.network.eval()

    def _train_and_log(self) -> None:
        writer = SummaryWriter(self.folder / "tensorboard" / self.stage.name, purge_step=self.step + 1)
        with writer, tqdm(total=self.steps, initial=self.step, desc=self.stage.name, unit="step") as bar:
            for batch in self._batches():
                self._train_step(batch)
                checkpoint_due = self.step % self.hardware.checkpoint_every == 0 or self.step == self.steps
                evaluation_due = self._evaluation_due()
                if checkpoint_due or evaluation_due or self.step % _LOG_INTERVAL == 0:
                    self._log(writer, bar)
                if evaluation_due:
                    self._evaluate(writer)
                if checkpoint_due:
                    self._save()

    def _train_step(self, batch: Any) -> None:  # noqa: ANN401 - a stage knows its batch, the loop does not
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.stage.config, self.epoch)
        self.network.train()
        with self._precision():
            loss = self.stage.loss(self.shared, to_device(batch, self.hardware.device))
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(
            self.network.parameters(), self.stage.config.gradient_clip or math.inf
        )
        self.optimizer.step()
        self.average.update(self.network, self.step)
        self.step += 1
        self.unlogged.append(torch.stack([loss.detach().float(), norm.detach().float()]))

    def _log(self, writer: SummaryWriter, bar: "tqdm[Any]") -> None:
        """Log the losses since the last time: the one place where the loop waits for the device."""
        losses, norms = torch.stack(self.unlogged).T.tolist()
        self.unlogged.clear()
        bar.update(len(losses))
        # Better to stop here, with the last checkpoint whole, than to train on with broken weights.
        if not all(map(math.isfinite, losses + norms)):
            raise RuntimeError(f"the loss or its gradient is not finite by step {self.step}")
        loss = sum(losses) / len(losses)
        writer.add_scalar("loss", loss, self.step)
        writer.add_scalar("learning_rate", self.optimizer.param_groups[0]["lr"], self.step)
        rate = (bar.format_dict["rate"] or 0) * self.stage.config.batch_size
        bar.set_postfix(loss=f"{loss:.5f}", epoch=f"{self.epoch:.1f}", images_per_second=f"{rate:.1f}")

    def _evaluation_due(self) -> bool:
        size, images = self.stage.config.batch_size, self.stage.images
        epoch_ended = self.step * size // images > (self.step - 1) * size // images
        due = epoch_ended and round(self.epoch) % self.stage.observe_every == 0
        return due or self.step == self.steps

    def _evaluate(self, writer: SummaryWriter) -> None:
        averaged = self.average.module.eval()
        with self._precision():
            quality = self.stage.observe(averaged, writer, self.step)
        candidate = (cycle_at(self.stage.config, self.epoch), quality)
        if candidate > self.best:
            self.best = candidate
            save_checkpoint(self.best_file, averaged.state_dict())

    def _train_beside(self) -> None:
        """Take every step with process 0, which alone evaluates, logs and writes files."""
        for batch in self._batches():
            self._train_step(batch)
            self.unlogged.clear()

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


def to_device(batch: Any, device: str) -> Any:  # noqa: ANN401 - the shape of a batch is the stage's own
    """Bring a batch, a tensor or a sequence of batches, to a device."""
    if isinstance(batch, Tensor):
        return batch.to(device, non_blocking=True)
    return [to_device(part, device) for part in batch]
