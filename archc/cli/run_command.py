"""`archc run`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("run")
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--input", "inputs", type=click.Path(path_type=Path), required=True, help="an .npz file")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="save the outputs to an .npz file")
@click.option("--model", help="which model, where the build has several")
@click.option("--threads", type=click.IntRange(0), default=0, help="for ONNX Runtime; 0 lets it choose")
def command(directory: Path, inputs: Path, output: Path | None, model: str | None, threads: int) -> int:
    """Run a built model in ONNX Runtime on inputs from an .npz file; print or save the outputs."""
    import numpy as np

    from archc.verify import read_arrays, run

    results = run(directory, read_arrays(inputs), model, threads)
    if output is not None:
        with output.open("wb") as file:
            np.savez(file, **results)  # type: ignore[arg-type]
        click.echo(f"{output}  {', '.join(results)}")
        return 0
    for name, array in results.items():
        click.echo(f"{name} {array.dtype}{list(array.shape)}")
        click.echo(np.array2string(array, precision=6, threshold=100, edgeitems=3))
    return 0
