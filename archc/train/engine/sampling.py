"""Samples from models that make something of noise: generators, and decoders of a latent code."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from archc.ir.program import CallNode, Module, OpNode, Value
from archc.train.engine.examples import Batch
from archc.train.engine.live import Live
from archc.train.training import Training

_NOISE = ("randn", "randn_like")


def samples_of(
    training: Training, live: Live, batch: Batch, count: int
) -> Iterator[tuple[str, torch.Tensor]]:
    """Give what the models make of standard normal noise, with a title; fields beside it are a batch's."""
    done: set[str] = set()
    for step in training.steps:
        module = next(each.module for each in training.program.models if each.name == step.model)
        for call in _noisy_calls(module):
            if call.model in done:
                continue
            done.add(call.model)
            generator = torch.Generator().manual_seed(training.settings.seed)
            given = [_given(value, batch, count, generator) for value in call.inputs if value is not None]
            made = live.models[call.model](*given)
            yield f"Samples from {call.model}", made[0] if isinstance(made, tuple) else made


def _given(value: Value, batch: Batch, count: int, generator: torch.Generator) -> torch.Tensor:
    if value.name in batch:
        return batch[value.name][:count]
    sizes = [each if isinstance(each, int) else count for each in value.type.shape]
    return torch.randn(sizes, generator=generator)


def _noisy_calls(module: Module) -> Iterator[CallNode]:
    """Give the calls of models of which an input is noise, or a latent code, and others at most fields.

    A latent code is computed from noise and from what a model gives, as a variational autoencoder does; a
    field with noise added is none.
    """
    fields = {value.name for value in module.inputs}
    noise: set[str] = set()
    mixed: set[str] = set()
    models: set[str] = set()
    for node in module.nodes:
        given = {value.name for value in node.inputs if value is not None}
        made = {value.name for value in node.outputs}
        if isinstance(node, CallNode) and node.model:
            sampled = {each for each in given if each in noise or (each in mixed and each in models)}
            if sampled and given <= sampled | fields:
                yield node
            models |= made
            continue
        if isinstance(node, OpNode) and node.op.name in _NOISE:
            noise |= made
            mixed |= made
            continue
        mixed |= made if given & mixed else set()
        models |= made if given & models else set()
