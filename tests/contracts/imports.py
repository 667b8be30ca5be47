"""Reads which module imports which, without running any of them."""

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path


def violations(root: Path, may_import: Mapping[str, Iterable[str]]) -> list[str]:
    """Every import below `root` that its room does not allow, as "file:line: a sentence".

    Parameters
    ----------
    root : folder that holds the top-level packages
    may_import : for each room, a dotted prefix of modules, the rooms and foreign top-level
        packages that it may import; itself and the standard library it always may. A module is in
        the room with the longest prefix. Packages without a room are not read.
    """
    modules = _modules(root, {room.partition(".")[0] for room in may_import})
    found = []
    for module, path in modules.items():
        here = _room(module, may_import)
        allowed = {here, *may_import[here]}
        for target, line in _imports(module, path, modules):
            there = _room(target, may_import)
            if there not in allowed:
                where = f"{path.relative_to(root).as_posix()}:{line}"
                found.append(f"{where}: {here} must not import {target}, which is in {there}")
    return found


def _modules(root, packages):
    modules = {}
    for package in sorted(packages):
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return modules


def _room(module, may_import):
    """The room a module of ours is in; of a foreign one, its top-level package."""
    rooms = [room for room in may_import if f"{module}.".startswith(f"{room}.")]
    return max(rooms, key=len, default=module.partition(".")[0])


def _imports(module, path, modules):
    """(dotted name, line) of all that is imported, wherever in the file that is done."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
        match node:
            case ast.Import(names):
                names = [alias.name for alias in names]
            case ast.ImportFrom(source, aliases, level):
                # Each dot after the first is one package further up.
                above = package.split(".")[: len(package.split(".")) - level + 1] if level else []
                base = ".".join([*above, *([source] if source else [])])
                members = [f"{base}.{alias.name}" for alias in aliases]
                names = [member if member in modules else base for member in members]
            case ast.Call(
                ast.Attribute(attr="import_module") | ast.Name("import_module" | "__import__"),
                [ast.Constant(str(name)), *_],
            ):
                names = [name]
            case _:
                continue
        yield from ((name, node.lineno) for name in names)
