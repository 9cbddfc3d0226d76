"""The settings of the global search: its objectives, limits and budget."""

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, field_validator, model_validator

from nac.config.base import Model
from nac.config.names import Choice, SamplerChoice
from nac.config.train import TrainConfig


class ObjectiveConfig(Model):
    """One objective of the search by its metric or cost name; its direction is known from the name.

    A candidate with a value under `min` or over `max` is infeasible; when the value is a cost it is then
    never trained.
    """

    name: str
    min: float | None = None
    max: float | None = None


class ConstraintConfig(Model):
    """A limit on a metric or cost that is not optimised."""

    name: str
    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _bounded(self) -> "ConstraintConfig":
        if self.min is None and self.max is None:
            raise ValueError("a constraint needs min or max")
        return self


class FidelityConfig(Model):
    """Little work for all candidates, all of it for the promising.

    After each of `rungs` epochs a training goes on only when it is not expected to end behind one that went on to the
    end (nac.global_search.fidelity); 0 is before the first epoch.
    """

    rungs: tuple[NonNegativeInt, ...] = Field((0,), min_length=1)

    @field_validator("rungs")
    @classmethod
    def _rising(cls, rungs: tuple[int, ...]) -> tuple[int, ...]:
        if list(rungs) != sorted(set(rungs)):
            raise ValueError("rungs: expected epochs that rise")
        return rungs


class FrontsConfig(Model):
    """A search whose trials are trainings of learned widths (`compress.learned`), each of which gives a front.

    First comes a training in the share `short` of the epochs (0: none). The whole one follows where the short front
    adds at least as much to the hypervolume as half of those of the others did; else the short front is the trial's.

    A neighbour, which has other numbers of channels only, in one or two genes, goes on from where the training of a
    whole front was after at most the share `warm_start` of the epochs, without a short one (0: like all others).
    """

    short: float = Field(0.25, ge=0, lt=1)
    warm_start: float = Field(0.0, ge=0, lt=1, exclude_if=lambda share: share == 0)


class SearchConfig(Model):
    """The global search: how many architectures are tried, and what is good.

    `trials` counts the candidates that were trained, equal an earlier one or failed; not those that are never trained:
    they break a limit on a cost or, with `fidelity`, are passed over.

    `sampler` is one of this program's (tuned for flat genotypes), any class of `optuna.samplers` that needs no more
    than a seed (`CmaEsSampler`), or a package of OptunaHub (`hub@samplers/auto_sampler`); as `{name, params}` with
    settings of its own.

    With `quantise` every candidate is, after its float training, pruned to the sparsity in its genes, left with the
    share of signed digits in them, and trained with this budget at its own bit widths: metrics, costs and hardware
    costs (`lut`) are those of that network.

    With `fronts` every candidate is a training of learned widths that gives many networks, and the front of the search
    is that of all of them. What a trial is worth is what its front adds to it: the sampler `neighbours` knows that.

    After the search the candidates on the front are trained `repeats` times in all, with other seeds, and once on each
    of `folds` (0: none) divisions of the samples that train and choose; the mean of all decides and is shown. A
    candidate that did not have all of these trainings is judged by its first one. Of `timeout` seconds the search then
    takes at most half.
    """

    sampler: SamplerChoice = Choice(name="tpe")
    trials: PositiveInt = 60
    timeout: PositiveFloat | None = None
    population: PositiveInt = 20
    baselines: bool = True
    repeats: PositiveInt = 1
    folds: int = Field(0, ge=0, le=100)
    quantise: TrainConfig | None = None
    fidelity: FidelityConfig | None = None
    fronts: FrontsConfig | None = Field(None, exclude_if=lambda fronts: fronts is None)
    objectives: tuple[ObjectiveConfig, ...]
    constraints: tuple[ConstraintConfig, ...] = ()

    @property
    def trains_again(self) -> bool:
        """Whether what is on the front is trained again after the search."""
        return self.repeats > 1 or self.folds > 0

    @property
    def deploys(self) -> bool:
        """Whether candidates are judged as quantised networks, which have the costs of a circuit."""
        return self.quantise is not None or self.fronts is not None

    @model_validator(mode="after")
    def _one_kind(self) -> "SearchConfig":
        if self.fronts is not None:
            for key, given in (("quantise", self.quantise), ("fidelity", self.fidelity)):
                if given is not None:
                    raise ValueError(f"{key}: trainings that give fronts have none, expected no search.fronts or this "
                                     "to be null")
            if self.trains_again:
                raise ValueError("repeats, folds: fronts are not trained again, expected 1 and 0 with search.fronts")
        return self

    @model_validator(mode="after")
    def _one_training(self) -> "SearchConfig":
        if self.fidelity is not None and self.quantise is not None and self.fidelity.rungs != (0,):
            raise ValueError("fidelity.rungs: a training that ends early is not quantised, expected [0] with quantise")
        return self

    @field_validator("objectives")
    @classmethod
    def _distinct(cls, objectives: tuple[ObjectiveConfig, ...]) -> tuple[ObjectiveConfig, ...]:
        names = [objective.name for objective in objectives]
        if not names or len(set(names)) != len(names):
            raise ValueError("name at least one objective, each once")
        return objectives
