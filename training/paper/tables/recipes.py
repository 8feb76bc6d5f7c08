"""How a row of a table comes about."""

from dataclasses import dataclass

from training.config import TrainingConfig
from training.run import makes_lesions_of_textures

# The rival that is our own stage 1 and nothing else.
_RECONSTRUCTION_RIVAL = "reconstruction-error"
# The rival that pastes textures.
_TEXTURE_RIVAL = "draem"


@dataclass(frozen=True)
class Recipe:
    """What all recipes tell the runner.

    Attributes:
        overrides: Changes of the table's configuration, ``path=JSON`` each.
    """

    overrides: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Name that tells it from every recipe that makes something else of the same configuration."""
        return type(self).__name__.lower()

    @property
    def learns(self) -> bool:
        """Whether it trains something, and each seed something else."""
        return False

    def needs_reconstruction(self, config: TrainingConfig) -> bool:
        """Whether it begins with stage 1 of a configuration."""
        del config
        return False

    def needs_textures(self, config: TrainingConfig) -> bool:
        """Whether it cannot be made without photographs of textures."""
        del config
        return False

    def uses_textures(self, config: TrainingConfig) -> bool:
        """Whether photographs of textures, where there are some, change what it learns."""
        return self.needs_textures(config)


class Yardstick(Recipe):
    """The green channel against its local mean: nothing is learned."""


class Quoted(Recipe):
    """Only the paper's figures."""


class Shipped(Recipe):
    """An exported model file, measured as it is."""


class Trained(Recipe):
    """Our own networks, trained with the table's configuration and the row's changes."""

    @property
    def learns(self) -> bool:
        """Whether it trains something."""
        return True

    def needs_reconstruction(self, config: TrainingConfig) -> bool:
        """Whether the localizer is guided by what stage 1 learns (Table 3)."""
        return config.network.guided_by_stage_1

    def needs_textures(self, config: TrainingConfig) -> bool:
        """Whether lesions are made of textures (Table 4)."""
        return makes_lesions_of_textures(config)


@dataclass(frozen=True)
class RivalMethod(Recipe):
    """One of :mod:`training.paper.rivals`.

    Attributes:
        key: Its key there.
    """

    key: str = ""

    @property
    def kind(self) -> str:
        """Which rival."""
        return f"rival {self.key}"

    @property
    def learns(self) -> bool:
        """Whether it trains something."""
        return True

    def needs_reconstruction(self, config: TrainingConfig) -> bool:
        """Whether it is stage 1 itself."""
        del config
        return self.key == _RECONSTRUCTION_RIVAL

    def uses_textures(self, config: TrainingConfig) -> bool:
        """Whether it pastes textures where it is given some."""
        del config
        return self.key == _TEXTURE_RIVAL
