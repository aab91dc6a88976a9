"""E103x and E104x: data that is read, and runs."""

from archc.source.codes.explanation import Explanation

CODES = {
    "E1030": Explanation(
        "data that is not there",
        "Paths of data are relative to the spec's file. A file has to be a regular one.",
        None,
        how="A spec with `source: {npz: missing.npz}`.",
    ),
    "E1031": Explanation(
        "data that cannot be used",
        "The file is damaged, or does not hold what its kind of source needs: arrays with examples on "
        "axis 0, a table of numbers with names of columns, pictures, text in UTF-8. Nothing of it is run: "
        "arrays of Python objects are refused.",
        None,
        how="A spec with `source: {csv: table.csv}` where a line of the table lacks a cell.",
    ),
    "E1032": Explanation(
        "what `train.py` does not say",
        "The loop as source follows a schedule's length where it is `steps`, `epochs` or "
        "`steps // epochs`, and does not scale gradients as `float16` needs.",
        None,
        how="`archc build SPEC --target train` with `schedule: {StepLR: {step_size: steps // 3}}`.",
    ),
    "E1033": Explanation(
        "a package that is not installed",
        "Training needs Accelerate (`archc[train]`), some sources need further packages "
        "(`archc[data]`, `archc[parquet]`, `archc[datasets]`, torchvision), and archc itself the packages "
        "that pip installs with it.",
        None,
        how="`archc train` where Accelerate is not installed.",
    ),
    "E1040": Explanation(
        "a folder that is taken",
        "A run does not write over another one. Go on with it by `--resume`, or choose another folder.",
        None,
        how="`archc train SPEC --out RUN`, twice.",
    ),
    "E1041": Explanation(
        "a run that cannot be gone on with",
        "`--resume` takes a run's folder with a checkpoint, and the same spec and parameters.",
        None,
        how="`archc train SPEC --out RUN --resume` after the spec was changed.",
    ),
    "E1042": Explanation(
        "a loss or gradient that is not finite",
        "The loss or a gradient became infinite or not a number, and training would go on with that. "
        "The step runs once more op by op, and the message names the layer, formula or loss that gave the "
        "first such value or gradient from finite ones, or the weight or field that was so before.",
        None,
        how="A learning rate that is far too large, or the logarithm of a negative number.",
    ),
    "E1043": Explanation(
        "no examples to learn from",
        "All examples would be kept for validation.",
        None,
        how="`validation: 1000` with 900 examples.",
    ),
    "E1044": Explanation(
        "a device that cannot do this",
        "A precision that the device does not have, or a batch that its processes cannot share evenly.",
        None,
        how="`precision: float16` on a CPU.",
    ),
    "E1045": Explanation(
        "no TensorBoard",
        "Its files are written with `--tensorboard` when the extra `archc[tensorboard]` is installed; "
        "`metrics.jsonl` holds the same.",
        None,
        how="`archc train SPEC --tensorboard` without it.",
    ),
    "E1046": Explanation(
        "no weights to learn",
        "`freeze` holds all weights that a step would change.",
        None,
        how='`freeze: ["*"]`.',
    ),
    "E1053": Explanation(
        "a step that torch cannot run",
        "What the step computes has the right types and shapes, and torch refuses it for these values or on "
        "this device: a label that is no class, too little memory, a layer that the device has not in the "
        "precision. The message says torch's reason, and the layer where it is one.",
        None,
        how="A label 10 in data for a loss of 10 classes.",
    ),
    "E1054": Explanation(
        "a folder that another run writes to",
        "Two runs in one folder would replace each other's checkpoints.",
        None,
        how="`archc train SPEC --out run --resume` while that run goes on.",
    ),
    "E1060": Explanation(
        "a folder that holds no run",
        "`archc report` takes the folder of a run, with the `manifest.json` that `archc train` writes.",
        None,
        how="`archc report .` in another folder.",
    ),
    "E1061": Explanation(
        "damaged measures",
        "A line of `metrics.jsonl` is not an object of JSON, or an epoch is not a number.",
        None,
        how="`archc report RUN` after `metrics.jsonl` was cut off in the middle of a line.",
    ),
    "E1062": Explanation(
        "data that does not fit into memory",
        "All examples are held in memory while training goes on. Use fewer, or smaller ones.",
        None,
        how="A spec with `source: {npz: huge.npz}` whose arrays are larger than the machine's memory.",
    ),
}
