"""A search space: what may be built, as a flat genotype."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from nac.arch import Architecture, deployment_problems
from nac.config import find_file, load_yaml, validate
from nac.errors import InputError
from nac.space.baselines import expand
from nac.space.folds import fold_problem
from nac.space.genes import Genotype, Value, activators, active_genes, count, folding, genes_of
from nac.space.kinds import KINDS, SpaceFile


class Unbuildable(InputError):  # noqa: N818 - the name of the state, as in the design
    """A genotype that stands for no network, such as one whose kernels leave nothing of the image."""


class SearchSpace:
    """Genes with their choices, and what a genotype means on a given input.

    A genotype is flat: it has every gene, with values (64 channels) and not positions in a list. Genes that
    decide nothing in it are ignored by `decode`, which needs the genotype only: editing the file never
    changes what a stored genotype means.
    """

    def __init__(self, name: str, file: SpaceFile, input_shape: tuple[int, ...], outputs: int) -> None:
        """Raises InputError when the input does not suit the kind, a baseline is wrong, or nothing can be built."""
        if len(input_shape) not in file.ranks:
            raise InputError(f"{name}: a {_kind(file)} space needs {file.wanted}, found shape {input_shape}")
        self.name = name
        self.file = file
        self.input_shape = input_shape
        self.outputs = outputs
        self._parts = (*file.parts(), *file.common_parts())
        self._genes = {gene.name: gene for gene in genes_of(self._parts)}
        self.baselines: dict[str, Genotype] = {}
        problems = []
        for label, patterns in file.baselines.items():
            self.baselines[label], wrong = expand(patterns, tuple(self._genes.values()))
            problems += [f"{name}: baselines.{label}.{problem}" for problem in wrong]
        if problems:
            raise InputError("\n".join(problems))
        try:
            self._fitted(self._smallest())
        except Unbuildable as error:
            raise InputError(f"{name}: no member can be built on an input of shape {input_shape} ({error})") from error

    @classmethod
    def load(
        cls, name_or_path: str | Path, input_shape: tuple[int, ...] | None = None, outputs: int | None = None
    ) -> "SearchSpace":
        """The space in `search_spaces/` or at a path, for an input shape (channels first) and number of outputs.

        Without them the shape that the file was designed for is taken. Raises InputError naming every problem.
        """
        path = find_file("search_spaces", str(name_or_path))
        return cls.described(path.stem, load_yaml(path), path, input_shape, outputs)

    @classmethod
    def described(
        cls, name: str, data: Mapping[str, Any], source: str | Path, input_shape: tuple[int, ...] | None = None,
        outputs: int | None = None,
    ) -> "SearchSpace":  # fmt: skip
        """The space that the mapping of a file describes. Raises InputError naming `source` and every problem."""
        kind = data.get("kind")
        if not isinstance(kind, str) or kind not in KINDS:
            raise InputError(f"{source}: kind: expected one of {', '.join(sorted(KINDS))} (found {kind!r:.80})")
        file = validate(KINDS[kind], data, source)
        return cls(name, file, input_shape or file.input, outputs or file.outputs)

    @property
    def kind(self) -> str:
        """The name of the kind, as in the file."""
        return _kind(self.file)

    @property
    def deployable(self) -> bool:
        """Whether the file promises a bit-exact route to hardware for every member (`problems` verifies it)."""
        return self.file.deployable

    @property
    def description(self) -> str:
        """What the file says about itself."""
        return self.file.description

    @property
    def genes(self) -> dict[str, tuple[Value, ...]]:
        """Every gene with its choices."""
        return {gene.name: gene.choices for gene in self._genes.values()}

    @property
    def size(self) -> int:
        """The number of genotypes."""
        return math.prod(len(gene.choices) for gene in self._genes.values())

    @property
    def distinct(self) -> int:
        """The number of genotypes that differ in a gene that matters: at least as many as networks."""
        return count(self._parts)

    def random(self, rng: np.random.Generator) -> Genotype:
        """A genotype with every gene drawn uniformly; it may need `repair`."""
        return {gene.name: gene.choices[rng.integers(len(gene.choices))] for gene in self._genes.values()}

    def active(self, genotype: Mapping[str, Value]) -> set[str]:
        """The names of the genes that decide what is built."""
        return {gene.name for gene in active_genes(self._parts, genotype)}

    def canonical(self, genotype: Mapping[str, Value]) -> Genotype:
        """The genotype with every inactive gene at its first choice."""
        active = self.active(genotype)
        return {
            name: genotype[name] if name in active else gene.choices[0] for name, gene in self._genes.items()
        }

    def decode(self, genotype: Mapping[str, Value]) -> Architecture:
        """The network a genotype stands for. Raises Unbuildable when a gene is missing or the blocks do not fit."""
        values = dict(genotype)
        try:
            return Architecture.model_validate(
                {
                    "input": self.input_shape,
                    "blocks": self.file.blocks(values, len(self.input_shape)),
                    "outputs": self.outputs,
                    "bits": {field: values[f"bits.{field}"] for field in ("input", "weights", "activations")},
                }
            )
        except KeyError as error:
            raise Unbuildable(f"{self.name}: the genotype lacks the gene {error.args[0]}") from error
        except ValidationError as error:
            reasons = (str(item["msg"]).removeprefix("Value error, ") for item in error.errors(include_url=False))
            raise Unbuildable(f"{self.name}: {'; '.join(reasons)}") from error

    def repair(self, genotype: Mapping[str, Value]) -> Genotype:
        """The genotype itself when it can be built, else the nearest one by a fixed rule.

        Kernels shrink to their next smaller choice, from the last layer to the first, until the image is large
        enough; then the pool goes, then slots are emptied. In a deployable space, channels shrink, from the
        last convolution to the first, until all sums are exact. At last fewer positions come with a clock, or all,
        where the network cannot be folded so. Raises Unbuildable when nothing more can shrink.
        """
        repaired = self._folded(self._narrowed(self._fitted(genotype)))
        if problems := self._exactness(repaired):
            raise Unbuildable(f"{self.name}: {problems[0]}")
        return repaired

    def _fitted(self, genotype: Mapping[str, Value]) -> Genotype:
        """The genotype with an image that is large enough for it."""
        repaired = dict(genotype)
        while True:
            try:
                self.decode(repaired)
            except Unbuildable:
                if not self._shrink(repaired):
                    raise
            else:
                return repaired

    def _shrink(self, genotype: Genotype) -> bool:
        """Take one step of the repair in place; False when there is none."""
        active = self.active(genotype)
        for name in self.file.reductions(genotype):
            if name not in active:
                continue
            value, choices = genotype[name], self._genes[name].choices
            if isinstance(value, str):
                smaller: list[Value] = [choice for choice in choices if choice == "none" != value]
            else:
                smaller = sorted(choice for choice in choices if not isinstance(choice, str) and choice < value)
            if smaller:
                genotype[name] = smaller[-1]
                return True
        return False

    def _narrowed(self, genotype: Genotype) -> Genotype:
        """The genotype with as few deployment problems as smaller channels can leave."""
        problems = self._exactness(genotype)
        candidates = (
            {**genotype, name: choice}
            for name in (self.file.narrowings(genotype) if problems else ())
            if name in self.active(genotype)
            for choice in sorted((c for c in self._genes[name].choices if c < genotype[name]), reverse=True)  # type: ignore[operator]
        )
        better = next((c for c in candidates if len(self._exactness(c)) < len(problems)), None)
        return genotype if better is None else self._narrowed(better)

    def _folded(self, genotype: Genotype) -> Genotype:
        """The genotype with a fold that suits its network: the next smaller one, else the whole circuit."""
        if not (problem := self._fold_problem(genotype)):
            return genotype
        asked, choices = genotype["fold"], self._genes["fold"].choices
        fewer = (fold for fold in choices if isinstance(fold, int) and isinstance(asked, int) and fold < asked)
        smaller: tuple[Value, ...] = (*sorted(fewer, reverse=True), *(choice for choice in choices if choice == "all"))
        for fold in smaller:
            if not self._fold_problem(folded := {**genotype, "fold": fold}):
                return folded
        raise Unbuildable(f"{self.name}: fold: {problem}")

    def _fold_problem(self, genotype: Genotype) -> str:
        """Why the circuit cannot be folded as the genotype says; empty where it can, or the genotype says nothing."""
        return fold_problem(self.decode(genotype), folding(genotype))

    def _smallest(self) -> Genotype:
        """First choices everywhere, but for what the repair would shrink: there the smallest."""
        genotype: Genotype = {gene.name: gene.choices[0] for gene in self._genes.values()}
        for name in self.file.reductions(genotype):
            choices = self._genes[name].choices if name in self._genes else ()
            numbers = [choice for choice in choices if not isinstance(choice, str)]
            if numbers:
                genotype[name] = min(numbers)
            elif "none" in choices:
                genotype[name] = "none"
        return genotype

    def problems(self) -> list[str]:
        """What is wrong with the space on its input: choices that never fit, baselines that do not fit and, if
        it calls itself deployable, choices without a bit-exact route to hardware.

        Every choice of every gene is tried, with the other genes at harmless values.
        """
        base = self._smallest()
        for name, choices in self.genes.items():
            context = self._with_active(base, name)
            base[name] = min(choices, key=lambda value, n=name, c=context: len(self._left({**c, n: value})))  # type: ignore[misc]
        found = [*self._choice_problems(base), *(f"every member: {problem}" for problem in self._left(base))]
        if not found:
            found += [f"the largest member: {problem}" for problem in self._left(self._largest(base))]
        found += self._baseline_problems()
        return [f"{self.name}: {problem}" for problem in dict.fromkeys(found)]

    def _with_active(self, genotype: Genotype, name: str) -> Genotype:
        return {**genotype, **(activators(self._parts, name) or {})}

    def _choice_problems(self, base: Genotype) -> Iterator[str]:
        for name, choices in self.genes.items():
            context = self._with_active(base, name)
            usual = len(self._left(context))
            for value in choices:
                genotype = {**context, name: value}
                if len(problems := self._left(genotype)) > usual:
                    yield f"{name}: {value}: {problems[-1]}"
                elif name == "fold" and (problem := self._never_folds(genotype)):
                    yield f"{name}: {value}: {problem}"
                elif self._fitted(genotype)[name] != value:
                    yield f"{name}: {value}: never fits an input of shape {self.input_shape}"

    def _never_folds(self, genotype: Genotype) -> str:
        """Why nothing can be folded as a genotype says, of it and all in which one other gene has another value."""
        problem = self._fold_problem(self._fitted(genotype))
        others = (
            {**self._with_active(genotype, name), name: value, "fold": genotype["fold"]}
            for name, choices in self.genes.items() if name != "fold"
            for value in choices
        )  # fmt: skip
        return problem if problem and all(self._fold_problem(self._fitted(other)) for other in others) else ""

    def _baseline_problems(self) -> Iterator[str]:
        for label, genotype in self.baselines.items():
            try:
                changed = changes(genotype, self.repair(genotype))
            except Unbuildable as error:
                yield f"baselines.{label}: {error}"
            else:
                for name, (value, fitting) in changed.items():
                    yield f"baselines.{label}: {name}: {value} does not fit an input of shape {self.input_shape}" + (
                        f", expected {fitting}"
                    )

    def _largest(self, base: Genotype) -> Genotype:
        """All numbers at their largest and every slot filled, the rest as in `base`."""
        largest = dict(base)
        for name, choices in self.genes.items():
            if not any(isinstance(choice, str) for choice in choices):
                largest[name] = max(choices)
            elif name.endswith(".block"):
                largest[name] = next((choice for choice in choices if choice != "none"), "none")
        return largest

    def _left(self, genotype: Genotype) -> list[str]:
        """Deployment problems that a repair leaves."""
        return self._exactness(self._narrowed(self._fitted(genotype)))

    def _exactness(self, genotype: Genotype) -> list[str]:
        """Why this genotype cannot be deployed; nothing in a space that does not promise it."""
        return deployment_problems(self.decode(genotype)) if self.deployable else []


def _kind(file: SpaceFile) -> str:
    return str(getattr(file, "kind"))  # noqa: B009 - every subclass has it, as a Literal of its own


def changes(before: Mapping[str, Value], after: Mapping[str, Value]) -> dict[str, tuple[Value, Value]]:
    """The genes that a repair changed, with the values before and after."""
    return {name: (before[name], value) for name, value in after.items() if before[name] != value}
