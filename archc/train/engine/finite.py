"""Where values stopped being finite: the first op of a step that makes NaN or infinity of what is finite.

The step runs once more, op by op, each in a module of its own that is fed by the ops before it. So
formulas are seen as well as layers, and the gradient of each op by itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping

import torch
from torch import nn

from archc.ir.program import CallNode, Model, Module, Node, OpNode, ScanNode, join, walk
from archc.sizes import symbols
from archc.source import Diagnostic, Record, Span, SpecError
from archc.verify.alone import OP, module_alone, scan_alone

Tensors = list[torch.Tensor | None]
Around = Callable[[], contextlib.AbstractContextManager[object]]


class Failed(Record):
    """A step whose loss or gradient is not finite: its number, name and graph, and what went into it."""

    number: int
    name: str
    model: Model
    graph: nn.Module
    batch: Mapping[str, torch.Tensor]
    around: Around


class Ran(Record):
    """An op that ran: its path, its module, what it was given and what it made."""

    node: Node
    path: str
    module: nn.Module
    given: Tensors
    made: Tensors


def explain_loss(failed: Failed) -> SpecError:
    """Say which op gave the first value that is not finite, or what was so before the step."""
    return _told(failed, "loss", _first_value(failed))


def explain_gradient(failed: Failed) -> SpecError:
    """Say which op gave the first gradient that is not finite, while all values are."""
    found = _first_value(failed)
    if found is not None:
        return _told(failed, "loss", found)
    return _told(failed, "gradient", _first_gradient(failed))


def explain_refusal(failed: Failed, error: Exception) -> SpecError:
    """Say what torch refuses, and the op that it refuses it of."""
    again = _Walk(failed)
    again.run()
    reason = " ".join(str(error).split())[:300] or type(error).__name__
    message = f"torch cannot run `{failed.name}` at step {failed.number}: {reason}"
    help_: tuple[str, ...] = ()
    with failed.around():
        narrow = torch.is_autocast_enabled(next(iter(failed.batch.values())).device.type)
    if isinstance(error, torch.OutOfMemoryError) or "memory" in reason:
        help_ = ("use a smaller `batch_size`, with `accumulate` for the same batch",)
    elif narrow:
        help_ = ("use `precision: float32`",)
    stopped = again.stopped
    span = None if stopped is None else stopped[1].span
    path = "" if stopped is None else stopped[0]
    return SpecError([Diagnostic("E1053", message, span, help=help_, path=path)])


class Found(Record):
    """What was found: a note, the path and place of the op, and whether the op is a plain function."""

    note: str
    path: str
    span: Span | None
    function: bool = False


def _told(failed: Failed, what: str, found: Found | None) -> SpecError:
    message = f"the {what} of `{failed.name}` is not finite at step {failed.number}"
    found = found or Found("no op gave such a value when the step ran again", "", None)
    help_: tuple[str, ...] = ("a smaller learning rate, or `clip_grad_norm: 1.0`, may help",)
    if found.function:
        help_ = (*help_, "or keep values from where the op has no finite one: `clamp(x, min=1e-6)`")
    return SpecError(
        [Diagnostic("E1042", message, found.span, notes=(found.note,), help=help_, path=found.path)]
    )


def _first_value(failed: Failed) -> Found | None:
    weights = dict(failed.graph.named_parameters())
    weight = next((key for key, each in weights.items() if not _finite([each])), None)
    if weight is not None:
        path = weight.rpartition(".")[0]
        span = next((node.span for at, node in walk(failed.model.module) if at == path), None)
        return Found(f"the weight `{weight}` was not finite before the step", path, span)
    field = next((name for name, each in failed.batch.items() if not _finite([each])), None)
    if field is not None:
        note = f"the field `{field}` is not finite, as the data gives it or its `layers` prepare it"
        return Found(note, "", failed.model.module.span)
    again = _Walk(failed)
    again.run()
    for ran in again.ran:
        if _finite(ran.given) and not _finite(ran.made):
            return _found(ran, "value")
    return None


def _first_gradient(failed: Failed) -> Found | None:
    again = _Walk(failed)
    again.run()
    for ran in again.ran:
        for each in ran.made:
            if each is not None and each.requires_grad and not each.is_leaf:
                each.retain_grad()
    if again.loss is None or not again.loss.requires_grad:
        return None
    torch.autograd.backward(again.loss)
    for ran in reversed(again.ran):
        upstream = [None if each is None else each.grad for each in ran.made]
        known = any(each is not None for each in upstream) and _finite(upstream)
        if known and not _finite(_own_gradients(ran, upstream)):
            return _found(ran, "gradient")
    return None


def _own_gradients(ran: Ran, upstream: Tensors) -> Tensors:
    """Give the gradients that one op alone gives, by its inputs and weights."""
    given = [
        each.detach().requires_grad_() if each is not None and each.is_floating_point() else each
        for each in ran.given
    ]
    sources = [each for each in given if each is not None and each.requires_grad]
    sources += list(ran.module.parameters())
    pairs = [
        (made, gradient)
        for made, gradient in zip(_called(ran.module, given), upstream, strict=True)
        if gradient is not None
    ]
    if not sources:
        return []
    results, gradients = zip(*pairs, strict=True)
    return list(torch.autograd.grad(results, sources, gradients, allow_unused=True))


class _Walk:
    """Runs a step op by op.

    `ran` is what ran, `loss` what came out of it, None where it did not end; `stopped` is where then.
    """

    def __init__(self, failed: Failed) -> None:
        self.failed = failed
        self.ran: list[Ran] = []
        self.loss: torch.Tensor | None = None
        self.stopped: tuple[str, Node] | None = None
        self.state = failed.graph.state_dict()
        self.sizes: dict[str, int] = {}
        for value in failed.model.module.inputs:
            for dim, size in zip(value.type.shape, failed.batch[value.name].shape, strict=True):
                self.sizes.update(dict.fromkeys(symbols(dim), size))

    def run(self) -> None:
        """Run everything; what cannot be run by itself leaves the rest."""
        module = self.failed.model.module
        given: Tensors = [self.failed.batch[value.name] for value in module.inputs]
        with contextlib.suppress(Exception), torch.enable_grad(), self.failed.around():
            self.loss = self._module(module, "", "", given)[0]

    def _module(self, module: Module, path: str, keys: str, given: Tensors) -> Tensors:
        known: dict[str, torch.Tensor | None] = {
            value.name: each for value, each in zip(module.inputs, given, strict=True)
        }
        for node in module.nodes:
            mine = [None if value is None else known[value.name] for value in node.inputs]
            assert isinstance(node, OpNode | CallNode)
            own = join(keys, node.shares or node.name)
            here = join(path, node.name)
            if isinstance(node, CallNode) and not isinstance(node, ScanNode):
                made = self._module(node.module, here, own, mine)
            else:
                made = self._op(node, here, own, mine)
            known.update((value.name, each) for value, each in zip(node.outputs, made, strict=False))
        return [known[value.name] for _, value in module.outputs]

    def _op(self, node: OpNode | ScanNode, path: str, keys: str, given: Tensors) -> Tensors:
        if isinstance(node, ScanNode):
            live = scan_alone(node, self.sizes, "")
        else:
            live = module_alone(node, self.sizes, "")
        device = next(iter(self.failed.batch.values())).device
        live.to(device).train(self.failed.graph.training)
        state = live.state_dict()
        with torch.no_grad():
            for key, weight in state.items():
                weight.copy_(self.state[join(keys, key.removeprefix(OP).removeprefix("."))])
        self.stopped = path, node
        ran = Ran(node, path, live, given, _called(live, given))
        self.stopped = None
        self.ran.append(ran)
        return ran.made


def _called(module: nn.Module, given: Tensors) -> Tensors:
    made = module(*(each for each in given if each is not None))
    return list(made) if isinstance(made, tuple | list) else [made]


def _finite(tensors: Iterable[torch.Tensor | None]) -> bool:
    return all(
        bool(torch.isfinite(each).all()) for each in tensors if each is not None and each.is_floating_point()
    )


def _found(ran: Ran, what: str) -> Found:
    node = ran.node
    word = node.op.name if isinstance(node, OpNode) else "a scan"
    note = f"`{ran.path}` ({word}) gave the first {what} that is not finite"
    return Found(note, ran.path, node.span, isinstance(node, OpNode) and not node.params)
