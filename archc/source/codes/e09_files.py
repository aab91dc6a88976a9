"""E09xx: files, weights, builds and what surrounds a compilation."""

from archc.source.codes.explanation import Explanation

_AGAIN = """\
inputs: {{a: [N, 3, 4], b: [N, 3, 2]}}
layers:
  - {{name: part, from: a, part: }}
  - {{name: other, from: b, reuse: part}}
  - {{name: both, from: [part, other], concat: 2}}
blocks:
  part:
    inputs: {{x: [N, C, L]}}
    layers: [{{name: norm, batch_norm: {{eps: {eps}}}}}]
"""

CODES = {
    "E0901": Explanation(
        "a file cannot be read or written",
        "The system refused: the file is missing, it may not be read, the disk is full, or it is not a "
        "regular file. A build that cannot be finished leaves the folder as it was.",
        None,
        how="A path is misspelt, a permission is missing, or a folder was never built.",
    ),
    "E0902": Explanation(
        "a file of weights or a graph is damaged",
        "Weights are read from safetensors files and from checkpoints of `torch.save`. Nothing in such a "
        "file is ever run: its pickle is read as data, and one that holds Python objects other than tensors, "
        "or is compressed, is refused. "
        "Save the tensors with `torch.save(model.state_dict(), path)`, or as safetensors.",
        None,
        how="The file was cut off, is of another kind than its name says, or holds a pickled model.",
    ),
    "E0903": Explanation(
        "the weights do not fit the model",
        "A build with `--weights` needs a tensor for each weight of the model, by the same key and of the "
        "same shape, and takes no others. The names of layers in the spec are the keys, so a spec can be "
        "written to fit a published checkpoint. The message lists what is missing, what is not expected and "
        "what has another shape, with the nearest names; `archc weights diff` lists all. `--map` renames "
        "and rearranges, `--partial` leaves what is not there at its initial value. Integers never become "
        "floats, and one tensor of the model never gets two values.",
        None,
        how="A layer has another name or size than in the model that the file was saved from.",
    ),
    "E0904": Explanation(
        "the inputs of a run do not fit",
        "`archc run` takes arrays by the names of the model's inputs, from an `.npz` file. Element types are "
        "not converted, since rounding or a wrong sign would pass unseen; an axis with a name has one size "
        "in all inputs; integers stay in the range that the manifest says.",
        None,
        how="numpy's default floats are float64; most models take float32: `x.astype(numpy.float32)`.",
    ),
    "E0905": Explanation(
        "an op cannot be written as ONNX",
        "Every ONNX graph says exactly what the spec says, or it is not written. Some ops, or some values of "
        "their attributes, have no exact form in the standard operators of an opset. A higher `--opset` may "
        "have one; `--target pytorch` builds without the graph.",
        None,
        how="For example `ctc_loss`: it sums over alignments, which the standard has no operator for.",
    ),
    "E0906": Explanation(
        "a size cannot be computed in the graph",
        "A graph learns symbolic sizes from the shapes of its inputs. A symbol that stands in no input, or "
        "only in sums and products with other unknown symbols, cannot be found out when the graph runs.",
        None,
        how="Name the symbol as an axis of an input, or fix it: `--dim T=128`.",
    ),
    "E0907": Explanation(
        "the weights are too large to be embedded",
        "A single ONNX file holds less than 2 GiB. Without `--embed` the graph points into the weights' own "
        "file, which has no such limit.",
        None,
        how="`--embed` was given for a model with 2 GiB of weights or more.",
    ),
    "E0908": Explanation(
        "the folder is not a build",
        "A build replaces its folder as a whole. So that no files are lost, archc only replaces folders "
        "that it built itself, and empty ones. Files that you add to a build are kept.",
        None,
        how="The folder holds files but no manifest of archc, or the path is a file.",
    ),
    "E0909": Explanation(
        "an option does not fit the model",
        "`--dim NAME=SIZE` fixes a symbolic size of an input to one that the model's requirements and the "
        "spec's `dims` allow; `--opset` is one that archc writes.",
        None,
        how="The symbol is not one of the model's, its size is not allowed, or the opset is out of range.",
    ),
    "E0910": Explanation(
        "a package is not installed",
        "`archc verify` and `archc run` use ONNX Runtime, which is not installed with archc by default: "
        "`pip install archc[onnxruntime]`.",
        None,
        how="The command needs `onnxruntime`, and Python cannot import it.",
    ),
    "E0911": Explanation(
        "there is no spec in the folder",
        "Where a folder is named in place of a spec, all `.yaml` and `.yml` files in it are meant.",
        None,
        how="The folder that is named holds no such files.",
    ),
    "E0912": Explanation(
        "a layer applied again would be another module",
        "A block may be applied again to inputs for which a `when` or an attribute falls out otherwise: its "
        "layers are then called one by one, with their weights. A layer that keeps statistics, or a "
        "recurrent one, is more than a function of its weights, so it has to be the same each time.",
        _AGAIN.format(eps="0.1 if L > 3 else 0.2"),
        _AGAIN.format(eps="0.1"),
    ),
    "E0913": Explanation(
        "a file is there already",
        "`archc init` writes a new file and never over one that is there.",
        None,
        how="The name that is given belongs to a file already.",
    ),
}
