"""Reading the files that a spec imports."""

from __future__ import annotations

from pathlib import Path

from archc.source import Diagnostic, Diagnostics, Label, Source
from archc.spec.document import Import, Spec
from archc.spec.document_reader import read_spec
from archc.spec.files import SUFFIXES, FileProblem, read_source
from archc.spec.library import Library
from archc.spec.limits import Limits

STANDARD = Path(__file__).parent.parent / "std"
_PREFIX = "std/"


def load_imports(spec: Spec, diagnostics: Diagnostics, limits: Limits) -> Library:
    """Read the files that a spec imports, and those that they import.

    Adds a diagnostic for a file that cannot be read (E0320), lies outside of the spec's folder
    (E0321), imports itself (E0322) or brings a name that is there already (E0323).
    """
    return _Loading(spec, diagnostics, limits).library(spec, ())


class _Loading:
    def __init__(self, spec: Spec, diagnostics: Diagnostics, limits: Limits) -> None:
        self.diagnostics = diagnostics
        self.limits = limits
        self.root = _folder(spec.source)
        self.loaded: dict[Path, Library] = {}

    def library(self, spec: Spec, around: tuple[Path, ...]) -> Library:
        library = Library(spec)
        for each in spec.imports:
            imported = self._import(each, spec, around)
            if imported is not None:
                self._bring(each, library, imported)
        return library

    def _bring(self, each: Import, library: Library, imported: Library) -> None:
        prefix = f"{each.namespace.text}." if each.namespace is not None else ""
        for name, block in imported.spec.blocks.items():
            known = library.find(prefix + name)
            if known is not None and known is not block:
                self.diagnostics.add(
                    Diagnostic(
                        "E0323",
                        f"the import brings a block `{prefix}{name}`, and there is one already",
                        each.path.span,
                        labels=(Label(known.key.span, "the other one"),),
                        help=("import with a namespace: `import: {other: " + each.path.text + "}`",),
                    )
                )
                continue
            library.blocks[prefix + name] = (block, imported)

    def _import(self, each: Import, spec: Spec, around: tuple[Path, ...]) -> Library | None:
        path = self._path(each, spec)
        if path is None:
            return None
        if path in around:
            chain = " -> ".join(p.name for p in (*around[around.index(path) :], path))
            self.diagnostics.add(Diagnostic("E0322", f"files import each other: {chain}", each.path.span))
            return None
        if path not in self.loaded:
            try:
                source = read_source(str(path), self.limits)
            except FileProblem as problem:
                self.diagnostics.add(problem.diagnostic.replace(span=each.path.span))
                return None
            imported = read_spec(source, self.diagnostics, self.limits)
            if imported is None:
                return None
            self.loaded[path] = self.library(imported, (*around, path))
        return self.loaded[path]

    def _path(self, each: Import, spec: Spec) -> Path | None:
        text = each.path.text
        if text.startswith(_PREFIX):
            return self._standard(each, text.removeprefix(_PREFIX))
        path = (_folder(spec.source) / text).resolve()
        if path.suffix not in SUFFIXES:
            path = path.with_name(path.name + ".yaml")
        if not path.is_relative_to(self.root) and not path.is_relative_to(STANDARD):
            message = f"the import `{text}` lies outside of the spec's folder"
            helps = ("imports are paths below the folder of the spec that is compiled",)
            self.diagnostics.add(Diagnostic("E0321", message, each.path.span, help=helps))
            return None
        if path.is_file():
            return path
        self.diagnostics.add(Diagnostic("E0320", f"there is no file `{text}` to import", each.path.span))
        return None

    def _standard(self, each: Import, name: str) -> Path | None:
        known = sorted(path.stem for path in STANDARD.glob("*.yaml"))
        if name.removesuffix(".yaml") in known:
            return STANDARD / f"{name.removesuffix('.yaml')}.yaml"
        message = f"there is no `std/{name}`"
        note = "the standard library has " + ", ".join(f"`std/{each}`" for each in known)
        self.diagnostics.add(Diagnostic("E0320", message, each.path.span, notes=(note,)))
        return None


def _folder(source: Source) -> Path:
    path = Path(source.name)
    return (path.parent if path.is_file() else Path()).resolve()
