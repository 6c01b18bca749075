"""Export the marked cells of the notebooks to helpers/.

A code cell whose first line is `#| export: MODULE` belongs to helpers/MODULE.py; what only the
notebook itself and its benchmarks use is exported to `lessons.notebook_NN.NAME`. The imports of the
module are found, not written: a name that the cells use is imported from where the notebook
imports it, or from the module that another notebook exports it to.
"""

import ast
import builtins
import re
import symtable
import sys
import textwrap

from tools.notebooks import ROOT, all_notebooks, code_cells, read

DIRECTIVE = re.compile(r"#\|\s*export:\s+([\w.]+)\s*\n")
HEADER = '"""Built from {} by `python -m tools.build`: edit it there."""\n'
BUILT = HEADER.partition("{")[0]  # how every exported module begins
BY_HAND = {"__init__", "plots", "live", "data", "checks", "guards", "lessons"}


class ExportError(Exception):
    """A marked cell cannot be exported. The message says which, why, and what to do."""


def exported_modules(paths=None):
    """Return {module: source} of everything that the notebooks export.

    paths: the notebooks to read; by default all of them.
    Raises ExportError if two notebooks export one module, a cell holds more than definitions, or
    a name comes from nowhere.
    """
    cells, imports, origin = {}, {}, {}
    for path in paths or all_notebooks():
        found = {}
        for cell in code_cells(read(path)):
            match = DIRECTIVE.match(cell.source)
            if match:
                module, source = match[1], cell.source[match.end() :].strip()
                require_definitions(source, module, path.name)
                if origin.setdefault(module, path.name) != path.name:
                    raise ExportError(
                        f"{path.name} exports to {module}, which {origin[module]} builds; "
                        "a module is built from one notebook"
                    )
                cells.setdefault(module, []).append(source)
            else:
                found.update(imported_names(cell.source))
        imports[path.name] = found
    bodies = {module: "\n\n\n".join(sources) for module, sources in cells.items()}
    home = {name: module for module, body in bodies.items() for name in defined_names(body)}
    return {
        module: HEADER.format(origin[module])
        + import_block(module, body, imports[origin[module]], home)
        + "\n\n"
        + body
        + "\n"
        for module, body in bodies.items()
    }


def require_definitions(source, module, notebook):
    """Raise ExportError unless the cell holds only definitions, constants and imports."""
    if module in BY_HAND:
        raise ExportError(f"{notebook} exports to {module}, which is written by hand")
    allowed = (ast.FunctionDef, ast.ClassDef, ast.Assign, ast.Import, ast.ImportFrom)
    for node in ast.parse(source).body:
        if not isinstance(node, allowed):
            raise ExportError(
                f"{notebook} exports to {module} a cell with {ast.unparse(node)[:60]!r}; an "
                "exported cell holds only functions, classes, constants and imports, so move "
                "that line to a cell of its own"
            )


def imported_names(source):
    """Return {name: (module, imported name or None)} of the imports at the top of a cell."""
    names = {}
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a cell with magics
        return names
    for node in body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name] = (alias.name, None)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                names[alias.asname or alias.name] = (node.module, alias.name)
    return names


def defined_names(source):
    """Return the names that a module's source binds at its top level."""
    top = symtable.symtable(source, "<cells>", "exec")
    return {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}


def needed_names(source):
    """Return the global names that a module's source uses and does not bind itself."""
    used, tables = set(), [symtable.symtable(source, "<cells>", "exec")]
    top = tables[0]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (symbol.is_global() or table is top):
                used.add(symbol.get_name())
    return used - defined_names(source) - set(dir(builtins))


def import_block(module, source, imports, home):
    """Return the import lines of a module, sorted as isort would."""
    plain, members = set(), {}
    for name in needed_names(source):
        if name in imports:
            origin, imported = imports[name]
        elif name in home:
            origin, imported = f"helpers.{home[name]}", name
        else:
            raise ExportError(
                f"the cells exported to {module} use {name!r}, which no notebook exports or "
                "imports; export the cell that defines it, or import it"
            )
        if imported is None:
            plain.add(f"import {origin}" + (f" as {name}" if name != origin else ""))
        else:
            alias = imported if imported == name else f"{imported} as {name}"
            members.setdefault(origin, set()).add(alias)
    groups = {0: [], 1: [], 2: []}
    for line in sorted(plain):
        groups[group(line.split()[1])].append(line)
    for origin, names in sorted(members.items()):
        groups[group(origin)].append(from_line(origin, sorted(names, key=isort_key)))
    blocks = ["\n".join(lines) for lines in groups.values() if lines]
    return "\n" + "\n\n".join(blocks) + "\n" if blocks else ""


def from_line(origin, names):
    """Return `from origin import names`, if it is too long for a line as the notebooks write it."""
    start = f"from {origin} import "
    if len(start) + len(", ".join(names)) <= 100:
        return start + ", ".join(names)
    indent = " " * (len(start) + 1)
    return textwrap.fill(f"{start}({', '.join(names)})", 100, subsequent_indent=indent)


def group(origin):
    """0 for the standard library, 1 for other packages, 2 for the course's own."""
    root = origin.split(".")[0]
    return 2 if root == "helpers" else 0 if root in sys.stdlib_module_names else 1


def isort_key(name):
    """Constants first, then classes, then functions, each by the alphabet."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def stale_modules(modules):
    """Return {path: wanted source, or None to delete} of the built files that are out of date."""
    wanted = {ROOT.joinpath("helpers", *module.split(".")).with_suffix(".py"): source
              for module, source in modules.items()}
    stale = {path: source for path, source in wanted.items()
             if not path.exists() or path.read_text(encoding="utf-8") != source}
    for path in (ROOT / "helpers").rglob("*.py"):
        if path not in wanted and path.read_text(encoding="utf-8").startswith(BUILT):
            stale[path] = None
    return stale
