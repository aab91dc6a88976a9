"""Reads the `train` section."""

from __future__ import annotations

from archc.source import Span
from archc.spec.layers import LayerReading
from archc.spec.training import DataDecl, Named, StepDecl, TrainDecl
from archc.spec.tree import Mapping, Scalar, Tree
from archc.spec.vocabulary import DATA_KEYS, DATA_SETTINGS, STEP_KEYS, TRAIN_KEYS, TRAIN_SETTINGS, Keys


class TrainReading(LayerReading):
    """Readers of training."""

    def train(self, tree: Tree | None, key: Span) -> TrainDecl | None:
        """Read the section; None where there is none, or it is no mapping."""
        section = self.mapping(tree, "`train`", "write `train: {data: ..., loss: ..., optimizer: ...}`")
        if section is None:
            return None
        fields = self.fields(section, TRAIN_KEYS, "`train`")
        several = "steps" in fields
        return TrainDecl(
            data=self.data(fields.get("data"), _key(section, "data")),
            steps=self.steps(section, fields) if several else (self.step(None, fields, key),),
            several=several,
            settings=self.settings(fields, TRAIN_SETTINGS),
            ema=self.entries(fields.get("ema"), "`ema`", "write `ema: {decay: 0.999}`"),
            early_stopping=self.entries(
                fields.get("early_stopping"), "`early_stopping`", "write `early_stopping: {patience: 5}`"
            ),
            freeze=self.sequence(fields.get("freeze"), "`freeze`", 'write `freeze: ["encoder.*"]`'),
            groups=self.entries(fields.get("groups"), "`groups`", 'write `groups: {"*.bias": {lr: 0.01}}`'),
            key=key,
            span=section.span,
        )

    def settings(self, fields: dict[str, Tree], words: Keys) -> dict[str, Scalar]:
        """Give the settings that are single values."""
        found = {word: self.scalar(fields.get(word), f"`{word}`") for word in words}
        return {word: scalar for word, scalar in found.items() if scalar is not None}

    def data(self, tree: Tree | None, key: Span) -> DataDecl | None:
        """Read where the examples come from."""
        help_ = "write `data: {source: digits, batch_size: 64}`"
        section = self.mapping(tree, "`data`", help_)
        if section is None:
            return None
        fields = self.fields(section, DATA_KEYS, "`data`")
        return DataDecl(
            source=self.named(fields.get("source"), "`source`", "csv: prices.csv"),
            layers=self.layers(fields.get("layers"), "`layers`"),
            augment=self.layers(fields.get("augment"), "`augment`"),
            settings=self.settings(fields, DATA_SETTINGS),
            key=key,
            span=section.span,
        )

    def named(self, tree: Tree | None, what: str, example: str) -> Named | None:
        """Read a name with its arguments."""
        if tree is None:
            return None
        if isinstance(tree, Mapping) and len(tree.entries) == 1:
            entry = tree.entries[0]
            empty = isinstance(entry.value, Scalar) and entry.value.is_empty
            return Named(entry.key, None if empty else entry.value, tree.span)
        if isinstance(tree, Scalar) and not tree.is_empty and isinstance(tree.value, str):
            return Named(tree, None, tree.span)
        self.wrong_kind(f"{what} is a name, or a name with its arguments", tree, f"write `{{{example}}}`")
        return None

    def steps(self, section: Mapping, fields: dict[str, Tree]) -> tuple[StepDecl, ...]:
        """Read the steps; what belongs to a step may not stand beside them, but for what they share."""
        for word in ("layers", "loss"):
            if word in fields:
                message = f"`{word}` beside `steps`"
                self.error("E0206", message, _key(section, word), "put it into one of the steps")
        help_ = "write a list: each step begins with `- name:`"
        sequence = self.sequence(fields["steps"], "`steps`", help_)
        found: list[StepDecl] = []
        for item in sequence.items if sequence else ():
            step = self.mapping(item, "a step", "write `{name: ..., update: [...], loss: ...}`")
            if step is not None:
                own = self.fields(step, STEP_KEYS, "a step")
                for word in ("optimizer", "schedule"):
                    if word not in own and word in fields:
                        own[word] = fields[word]
                found.append(self.step(own.get("name"), own, self.head(item)))
        return tuple(found)

    def step(self, name: Tree | None, fields: dict[str, Tree], span: Span) -> StepDecl:
        """Read one step."""
        word = self.scalar(name, "`name`")
        if word is not None:
            self.identifier(word)
        return StepDecl(
            name=word,
            layers=self.layers(fields.get("layers"), "`layers`"),
            loss=self.scalar(fields.get("loss"), "`loss`", "write `loss: cross_entropy(scores, label)`"),
            update=self.sequence(fields.get("update"), "`update`", "write `update: [generator]`"),
            repeat=self.scalar(fields.get("repeat"), "`repeat`"),
            optimizer=self.named(fields.get("optimizer"), "`optimizer`", "Adam: {lr: 0.001}"),
            schedule=self.named(fields.get("schedule"), "`schedule`", "CosineAnnealingLR: {T_max: steps}"),
            metrics=self.entries(fields.get("metrics"), "`metrics`", "write `accuracy: [scores, label]`"),
            span=span,
        )


def _key(section: Mapping, word: str) -> Span:
    entry = section.entry(word)
    return entry.key.span if entry is not None else section.span
