"""The keys of the language and what each holds: what readers accept, and what the editor's schema says."""

from __future__ import annotations

Keys = dict[str, str]

SPEC_KEYS: Keys = {
    "archc": "the version of the language, 1; may be left out",
    "name": "the model's name; the file's where there is none",
    "doc": "a sentence or more about the model",
    "import": "files whose blocks are used here: a list of paths, or a mapping of namespaces to paths",
    "params": "compile-time parameters: `NAME: DEFAULT`, `NAME: TYPE` or `NAME: {type:, default:, ...}`",
    "let": "names for derived compile-time values",
    "variants": "named sets of parameter values, chosen with `--variant`",
    "dims": "facts about symbolic sizes: `H: {multiple_of: 32}`",
    "inputs": "what goes in: names and types, `image: [N, 3, H, W]`",
    "layers": "the layers, each fed by the one before unless it says otherwise",
    "outputs": "what comes out: a list of values, or a mapping of names to values; by default the last value",
    "models": "in place of inputs, layers and outputs: several models that share blocks and parameters",
    "blocks": "subgraphs with parameters, used like ops",
    "init": "initializers by op: `linear: {weight: {normal: {std: 0.02}}}`",
    "train": "data, loss, optimizer, schedule",
}
MODEL_KEYS: Keys = {word: SPEC_KEYS[word] for word in ("doc", "inputs", "layers", "outputs")}
BLOCK_KEYS: Keys = {
    "doc": "a sentence or more about the block",
    "params": "what each use of the block may choose",
    "let": "names for derived compile-time values",
    "inputs": "the signature: names the sizes of what comes in; where there is none, `x` of any shape",
    "layers": "the layers of the block",
    "outputs": "what the block gives; by default its last value",
}
DIM_KEYS: Keys = {
    "multiple_of": "the size is a multiple of this",
    "remainder": "what `multiple_of` leaves over",
    "min": "the least size",
    "max": "the largest size",
}
PARAM_KEYS: Keys = {
    "type": "int, float, bool, text, list, dict or layer",
    "default": "the value where none is given",
    "min": "the least value",
    "max": "the largest value",
    "choices": "the values that are allowed",
    "doc": "a sentence about the parameter",
}
INPUT_KEYS: Keys = {
    "dtype": "the element type; float32 by default",
    "shape": "a list of sizes: numbers, symbols, expressions",
    "min": "the least value of an integer input",
    "max": "the largest value of an integer input",
    "when": "a compile-time condition; false drops the input",
    "repeat": "how many such inputs there are; the index is `i`",
    "for": "lists to walk together, one input a turn",
    "optional": "whether it may be left out",
    "doc": "a sentence about the input",
}
OUTPUT_KEYS: Keys = {
    "from": "the value",
    "when": "a compile-time condition; false drops the output",
    "repeat": "how many such outputs there are; the index is `i`",
    "for": "lists to walk together, one output a turn",
    "doc": "a sentence about the output",
}
MODIFIERS: Keys = {
    "name": "the layer's name and its value's; a list names several outputs; dots make scopes",
    "from": "what goes in: a name, a list, or a mapping by torch's names; by default the value before",
    "when": "a compile-time condition; false drops the layer",
    "else": "what the name stands for when the layer is dropped: a value, or `none`",
    "repeat": "how many times, each fed by the one before; the index is `i`",
    "for": "lists to walk together: `{s: 4, d: depths}`; a number is a range",
    "parallel": "whether nothing is carried from turn to turn, so that the value is the list of results",
    "scan": "apply a block along an axis, with one set of weights",
    "tie": "weights that are another layer's: `{weight: embed.weight}`",
    "init": "initializers of the layer's weights: `{weight: {normal: {std: 0.02}}, bias: zeros}`",
    "shape": "the type of the output: binds new symbols, checks the rest",
    "doc": "a sentence about the layer",
}
SCAN_KEYS: Keys = {
    "axis": "the axis to go along",
    "over": "the sequences, by the block's inputs; by default the value before",
    "state": "the inputs that are carried from step to step, and what they begin with",
    "length": "how many steps, where there is no sequence",
    "reverse": "whether to begin at the end",
}
CONTAINERS: Keys = {
    "sequential": "a scope whose items are keyed by position, as `nn.Sequential` counts",
    "layers": "a group; with a name a scope, without one its items belong to the list around it",
    "residual": "what went in is added to the result of the items",
}
REUSE = "apply an earlier layer, container or block again, with the same weights"
DATA_SETTINGS: Keys = {
    "batch_size": "how many examples a step sees; 32 by default",
    "validation": "how much is kept for validation: a share below 1, or a number of examples",
    "shuffle": "whether examples come in another order each epoch; true by default",
}
DATA_KEYS: Keys = {
    "source": "where the examples come from: `digits`, `{csv: prices.csv}`",
    **DATA_SETTINGS,
    "layers": "layers that prepare the fields of each batch",
    "augment": "layers that change the fields of what is learned from, and of nothing else",
}
TRAIN_SETTINGS: Keys = {
    "epochs": "how often all examples are seen",
    "max_steps": "how many steps there are at most",
    "warmup": "steps over which the learning rate rises to its value",
    "clip_grad_norm": "the largest norm of the gradients",
    "accumulate": "batches whose gradients are added up for one step of the optimizer",
    "precision": "the type that the models compute in",
    "seed": "what the order, the first weights and all noise follow from",
}
_ONE_STEP: Keys = {
    "layers": "the graph: models are ops in it, the data's fields its inputs",
    "loss": "a value's name, or a formula over loss functions: `cross_entropy(fc, label)`",
    "optimizer": "a class of torch.optim with its arguments: `{AdamW: {lr: 0.001}}`",
    "schedule": "a class of torch.optim.lr_scheduler: `{CosineAnnealingLR: {T_max: steps}}`",
    "metrics": "what is measured too: `accuracy: [fc, label]`",
}
STEP_KEYS: Keys = {
    "name": "what the step is called",
    "update": "the models that it changes",
    "repeat": "how often it runs before the next one",
    **_ONE_STEP,
}
EMA_KEYS: Keys = {
    "model": "which model is averaged; all by default",
    "decay": "how much of the average stays",
}
STOPPING_KEYS: Keys = {
    "metric": "what is watched; the loss by default",
    "patience": "epochs without an improvement before training stops",
    "min_delta": "the least improvement that counts",
}
TRAIN_KEYS: Keys = {
    "data": "where the examples come from, and how they are prepared",
    **_ONE_STEP,
    "steps": "several steps in turn, in place of `layers` and `loss`",
    **TRAIN_SETTINGS,
    "ema": "an average of the weights over the steps",
    "early_stopping": "stops when a measure no longer improves",
    "freeze": "parameters that stay as they are, by glob",
    "groups": "parameters with other settings of the optimizer, by glob",
}
