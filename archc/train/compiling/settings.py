"""The settings of a `train` section: how long, how precise, which parameters, what is watched."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from archc.elaborate.context import Context
from archc.elaborate.values import attribute_value
from archc.opdef import Attr, Kind
from archc.spec.training import Named, StepDecl, TrainDecl
from archc.spec.tree import Entry, Mapping, Scalar, Tree
from archc.spec.vocabulary import EMA_KEYS, STOPPING_KEYS, Keys
from archc.train.compiling.configured import find_class, read_arguments, refuse, setting
from archc.train.compiling.metrics import LARGEST, metric_op
from archc.train.make_torch_table import WITHOUT
from archc.train.torch_table import OPTIMIZERS, SCHEDULES
from archc.train.training import Arguments, Configured, Group, Schedule, Settings, Watched

PRECISIONS = ("float32", "bfloat16", "float16")
_COUNT = Kind("int", min=1)
SETTING_KINDS = {
    "epochs": _COUNT,
    "max_steps": _COUNT,
    "warmup": Kind("int", min=0),
    "clip_grad_norm": Kind("float", min=0),
    "accumulate": _COUNT,
    "precision": Kind("text", words=PRECISIONS),
    "seed": Kind("int", min=0, max=2**62),
}
REPEAT = _COUNT
EMA_KINDS = {"decay": Kind("float", None, 0, 1)}
STOPPING_KINDS = {"patience": _COUNT, "min_delta": Kind("float", min=0)}
_STAND_IN = 1_000


def read_optimizer(step: StepDecl, context: Context) -> Configured:
    """Give the optimizer of a step. Raises Mistake (E1010, E1016, E1017)."""
    named = step.optimizer
    if named is None:
        help_ = "write `optimizer: {Adam: {lr: 0.001}}`"
        raise refuse("E1010", "nothing says which optimizer to use", step.span, help_)
    declared = find_class(named, "optimizer", OPTIMIZERS, WITHOUT)
    return Configured(named.name.text, read_arguments(named, declared, None, "E1017", context), named.span)


def read_schedule(step: StepDecl, warmup: int, context: Context) -> Schedule | None:
    """Give the schedule of a step; its arguments are checked with a stand-in for what is not known yet."""
    named = step.schedule
    if named is None:
        return None
    declared = find_class(named, "schedule", SCHEDULES, WITHOUT)

    def arguments(steps: int, epochs: int) -> Arguments:
        names = {**context.names, "steps": steps, "epochs": epochs}
        return _written(named, declared, context.inside(names=names))

    arguments(_STAND_IN, 10)
    schedule = Schedule(named.name.text, arguments, named.span)
    if schedule.by_epoch and warmup:
        message = f"`{schedule.name}` does not count steps, so there is no `warmup` before it"
        raise refuse("E1019", message, named.name.span)
    return schedule


def _written(named: Named, declared: dict[str, Attr], context: Context) -> Arguments:
    return read_arguments(named, declared, None, "E1017", context)


def read_settings(
    decl: TrainDecl, models: tuple[str, ...], keys: tuple[str, ...], context: Context
) -> Settings:
    """Give the settings. Raises Mistake (E1010, E1017, E1019, E1022)."""
    given = decl.settings

    def number(word: str, default: object) -> object:
        return setting(given.get(word), SETTING_KINDS[word], word, default, context)

    epochs, most = number("epochs", None), number("max_steps", None)
    if epochs is None and most is None:
        raise refuse(
            "E1010", "nothing says how long to train", decl.key, "write `epochs: 10`, or `max_steps: 1000`"
        )
    clip = number("clip_grad_norm", None)
    precision = number("precision", "float32")
    return Settings(
        epochs if isinstance(epochs, int) else None,
        most if isinstance(most, int) else None,
        _whole(number("warmup", 0)),
        clip if isinstance(clip, float) else None,
        _whole(number("accumulate", 1)),
        str(precision),
        _whole(number("seed", 0)),
        _ema(decl, models, context),
        tuple(_pattern(tree, keys) for tree in (decl.freeze.items if decl.freeze is not None else ())),
        tuple(_group(entry, decl, keys, context) for entry in decl.groups),
        _watched(decl, context),
    )


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value


def _ema(decl: TrainDecl, models: tuple[str, ...], context: Context) -> tuple[tuple[str, float], ...]:
    if not decl.ema:
        return ()
    fields = _fields(decl.ema, EMA_KEYS, "ema")
    decay = fields.get("decay")
    rate = attribute_value(decay, EMA_KINDS["decay"], "`decay`", context) if decay is not None else 0.999
    assert isinstance(rate, float)
    tree = fields.get("model")
    if tree is None:
        return tuple((name, rate) for name in models)
    if not isinstance(tree, Scalar) or tree.text not in models:
        raise refuse(
            "E1018", "there is no such model to average", tree.span, f"the models: {', '.join(models)}"
        )
    return ((tree.text, rate),)


def _fields(entries: Iterable[Entry], known: Keys, what: str) -> dict[str, Tree]:
    found: dict[str, Tree] = {}
    for entry in entries:
        if entry.key.text not in known:
            words = ", ".join(f"`{word}`" for word in known)
            raise refuse(
                "E1017", f"`{what}` has no key `{entry.key.text}`", entry.key.span, f"its keys: {words}"
            )
        found[entry.key.text] = entry.value
    return found


def _pattern(tree: Tree, keys: tuple[str, ...]) -> str:
    """Give a glob over the keys of parameters. Raises Mistake (E1022) where it matches none."""
    if not isinstance(tree, Scalar) or not any(fnmatchcase(key, tree.text) for key in keys):
        shown = ", ".join(f"`{key}`" for key in keys[:4])
        written = tree.text if isinstance(tree, Scalar) else ""
        message = f"no parameter has a name like `{written}`"
        raise refuse("E1022", message, tree.span, f"the names are such as {shown}")
    return tree.text


def _group(entry: Entry, decl: TrainDecl, keys: tuple[str, ...], context: Context) -> Group:
    pattern = _pattern(entry.key, keys)
    if not isinstance(entry.value, Mapping):
        help_ = f'write `"{pattern}": {{lr: 0.0001}}`'
        raise refuse("E1017", "a group has settings of the optimizer", entry.value.span, help_)
    settings: dict[str, object] = {}
    for step in decl.steps:
        named = step.optimizer
        if named is not None:
            declared = find_class(named, "optimizer", OPTIMIZERS, WITHOUT)
            own = named_like(named, entry.value)
            settings.update(read_arguments(own, declared, None, "E1017", context))
    return Group(pattern, settings)


def named_like(named: Named, arguments: Tree) -> Named:
    """Give the same class with other arguments."""
    return named.replace(arguments=arguments)


def _watched(decl: TrainDecl, context: Context) -> Watched:
    measures = {entry.key.text: entry for step in decl.steps for entry in step.metrics}
    fields = _fields(decl.early_stopping, STOPPING_KEYS, "early_stopping")
    tree = fields.get("metric")
    metric = tree.text if isinstance(tree, Scalar) else "loss"
    if tree is not None and metric != "loss" and metric not in measures:
        known = ", ".join(f"`{name}`" for name in ("loss", *measures))
        raise refuse(
            "E1020", f"there is no metric `{metric}` to watch", tree.span, f"it may be one of {known}"
        )
    settings: dict[str, object] = {"patience": 10, "min_delta": 0.0}
    for word, kind in STOPPING_KINDS.items():
        written = fields.get(word)
        if written is not None:
            settings[word] = attribute_value(written, kind, f"`{word}`", context)
    waits, least = settings["patience"], settings["min_delta"]
    assert isinstance(least, float)
    return Watched(
        metric, _larger_is_better(measures.get(metric)), _whole(waits) if decl.early_stopping else None, least
    )


def _larger_is_better(entry: Entry | None) -> bool:
    if entry is None or isinstance(entry.value, Scalar):
        return False
    op, _ = metric_op(entry)
    return op.text in LARGEST
