"""E105x: models as they are deployed, with the preparation of their data."""

from archc.source.codes.explanation import Explanation

CODES = {
    "E1050": Explanation(
        "no preparation to put in front",
        "`--with-preprocess` puts the layers of `data: layers:` in front of the models. A section without "
        "them prepares nothing: the models take the fields as they come already.",
        None,
        how="`archc build SPEC --with-preprocess` of a spec whose `data` has no `layers`.",
    ),
    "E1051": Explanation(
        "an input that is not known to be prepared data",
        "An input of a model is the field that the steps give it, or, where they give it a value that they "
        "compute, the field of its name and type. Where no input is a field that `data: layers:` prepares, "
        "or the steps give one input several fields, name the input as the field.",
        None,
        how="`--with-preprocess` where only the label is prepared.",
    ),
}
