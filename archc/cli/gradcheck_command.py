"""`archc gradcheck`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from archc.api import Compiled
from archc.cli.compiling import compile_one
from archc.cli.failures import DISAGREES
from archc.cli.options import SEED, SpecOptions, spec_options
from archc.verify.gradients import Gradient


@click.command("gradcheck")
@click.argument("spec")
@click.option("--seed", type=SEED, default=0, show_default=True, help="for weights and inputs")
@spec_options(("full", "concise"))
def command(spec: str, seed: int, options: SpecOptions) -> int:
    """Compare gradients with finite differences, in fp64.

    Looks at the models' weights and float inputs; where the spec has a `train` section, at the loss of
    each step by the weights that it changes, on examples of the data.
    """
    compiled = compile_one(spec, options)
    agree = True
    for title, found in _checked(compiled, seed):
        worst = max(found, key=lambda each: each.error)
        agree &= worst.agrees
        verdict = "agrees" if worst.agrees else "DISAGREES"
        entries = sum(each.entries - each.kinks for each in found)
        click.echo(
            f"{title} {verdict}: {entries} entries of {len(found)} tensors, worst error {worst.error:.1e}"
        )
        for each in found:
            if not each.agrees:
                click.echo(f"  {each.key}: {each.error:.1e}")
    return 0 if agree else DISAGREES


def _checked(compiled: Compiled, seed: int) -> Iterator[tuple[str, tuple[Gradient, ...]]]:
    from archc.verify.gradients import check_model

    for model in compiled.models:
        yield model, check_model(compiled.program, model, seed)
    if compiled.training is not None:
        from archc.train.run import check_steps

        yield from check_steps(compiled.training, seed)
