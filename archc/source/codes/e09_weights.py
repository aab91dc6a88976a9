"""E092x and E093x: checkpoints that are not what they say, and maps of their keys."""

from archc.source.codes.explanation import Explanation

CODES = {
    "E0920": Explanation(
        "a file of weights says of a tensor what cannot be",
        "Before anything is read, the shape, element type and place of each tensor are held against each "
        "other and against the file: bytes that overlap, that lie beyond the end or that belong to no tensor "
        "mean that the file was cut off, or made to mislead.",
        None,
        how="The file was not fetched whole, or it was written by a program that is wrong.",
    ),
    "E0921": Explanation(
        "the name of a tensor cannot be used",
        "The names of tensors are those of a module: text that can be printed, of at most 500 characters, "
        "each once in a file.",
        None,
        how="The file holds a name twice, an empty one, or one with control characters.",
    ),
    "E0922": Explanation(
        "a file of weights asks for too much",
        "What has to be held in memory beside the tensors is bounded: the table of a safetensors file or an "
        "index to 16 MiB, the pickle of a checkpoint to 32 MiB, and 200,000 tensors. Tensors themselves have "
        "no such bound; they are read one at a time.",
        None,
        how="The file was made to fill the memory, or the model should be saved in shards.",
    ),
    "E0923": Explanation(
        "it is not clear which weights of a folder are meant",
        "In a folder archc takes `model.safetensors.index.json`, `model.safetensors`, "
        "`pytorch_model.bin.index.json` or `pytorch_model.bin`, in this order, of a run of `archc train` its "
        "best weights, else the only file of weights that is there.",
        None,
        how="The folder holds no weights, or several files of them without an index.",
    ),
    "E0924": Explanation(
        "a file of weights lies outside of its folder",
        "An index names files of its own folder. A path that leads elsewhere, by `..` or by a link, could "
        "read any file of the machine. Links within Hugging Face's cache of a model are followed.",
        None,
        how="The index has a path with `..`, or a file in the folder is a link to another place.",
    ),
    "E0925": Explanation(
        "the shards are not as the index says",
        "An index says for each tensor which file holds it, and each tensor is in one file.",
        None,
        how="A shard is of another model or version than its index.",
    ),
    "E0926": Explanation(
        "the weights have other elements than the model",
        "Elements are converted only where `--convert-dtype` (`convert_dtype=True`) says so, since narrower "
        "floats are rounded: floats of another width, integers to wider ones. The report then says what was "
        "converted. Integers never become floats.",
        None,
        how="A checkpoint in float16 or bfloat16 is taken for a model in float32.",
    ),
    "E0927": Explanation(
        "a file has nothing that the model needs",
        "With `--partial` a build takes what fits and leaves the rest at its initial value. A file of which "
        "nothing fits is most likely of another model, or its keys have another form.",
        None,
        how="All keys have a prefix, which a map would take off, or the file is of another model.",
    ),
    "E0928": Explanation(
        "a value is out of reach of the elements that it is converted to",
        "float16 ends at 65,504. A weight beyond that would become infinite.",
        None,
        how="`--convert-dtype` narrows floats, and the file has a very large one.",
    ),
    "E0930": Explanation(
        "a step of a key map is wrong",
        "A map is a list of steps. Each is a mapping with one of `rename`, `drop`, `transpose`, `reshape`, "
        "`split`, `concat` and `stack`, a pattern under it, and what goes with it: "
        "`- {rename: 'module\\.(.*)', to: '\\1'}`.",
        None,
        how="A step has no such word or two of them, or lacks `to`.",
    ),
    "E0931": Explanation(
        "a pattern is wrong",
        "Patterns are regular expressions that match a whole name: text, `.`, classes, groups, `|`, and `*`, "
        "`+`, `?`, `{1,3}` with `?` behind for as little as possible. They are matched in time proportional "
        "to the name's length, whatever they say; what cannot be, references to groups and looking around, "
        "is left out, and so is repeating what may be nothing.",
        None,
        how="A bracket is not closed, or the pattern uses what only other kinds of expressions have.",
    ),
    "E0932": Explanation(
        "a name is made from a group that is not there",
        r"In `to`, and in the further names of `concat`, `\1` stands for what the pattern's first group "
        r"holds, `\g<name>` for a named one, and `\0` for the whole name.",
        None,
        how="The pattern has fewer groups than the name asks for.",
    ),
    "E0933": Explanation(
        "a step of a key map does not fit a tensor",
        "A step has to make sense for each tensor that its pattern matches: parts that are joined have equal "
        "shapes and elements, an axis that is cut has the size that the parts need.",
        None,
        how="The pattern matches more tensors than was meant, or an axis is counted wrongly: the first is 0.",
    ),
    "E0934": Explanation(
        "two tensors get one name",
        "After each step of a map all names differ; none is lost by being overwritten.",
        None,
        how="A `rename` takes off what kept two names apart.",
    ),
    "E0935": Explanation(
        "matching the names of a file takes too long",
        "All patterns of a map together may take 20 million steps, some seconds. A thousand names of the "
        "usual length and twenty patterns take less than a twentieth of that.",
        None,
        how="The file has very many names or very long ones, made to waste time.",
    ),
}
