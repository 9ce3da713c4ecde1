"""A Python module as text that changes only with what the module does.

Without what `pruned_code` takes out, and with every imported name by its origin: no layout and no alias counts.
Written by hand, as what `ast` prints differs between versions of Python.
"""

import ast
from collections.abc import Callable, Iterable, Iterator

from scripts.staleness.pruned_code import Names, Prune, dotted, origin_of

FLAGS = ("Config", "Common")  # classes whose fields are flags
SKIPPED = ("annotation", "returns", "ctx", "type_comment", "kind", "type_params", "simple")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
IMPORTS = (ast.Import, ast.ImportFrom)


class Code:
    """A module. definitions: statements by name. always: the other statements, which run on import."""

    def __init__(self, source: str, name: str, package: str = ""):
        tree, self.package = ast.parse(source), package
        bound = self.bound(tree.body)
        self.imports = [origin for origin in bound.values() if origin]
        self.names = {local: origin or f"{name}.{local}" for local, origin in bound.items()}
        self.definitions: dict[str, list[ast.stmt]] = {}
        self.always: list[ast.stmt] = []
        for statement in Prune(self.names).visit(tree).body:
            if isinstance(statement, IMPORTS):
                continue
            names = self.bound([statement])
            defines = names and isinstance(statement, (*FUNCTIONS, ast.ClassDef, ast.Assign, ast.AugAssign))
            for local in names:
                self.definitions.setdefault(local, []).extend([statement] if defines else [])
            self.always += [] if defines else [statement]

    def text(self, node: object, refer: Callable[[str], str], names: Names | None = None) -> str:
        """Return the text of a node or a list; refer gets every origin in it, and returns how to write it."""
        names = self.names if names is None else names
        if isinstance(node, list):
            return f"[{','.join(self.text(part, refer, names) for part in node)}]"
        if not isinstance(node, ast.AST):
            return ascii(node)
        if isinstance(node, ast.Constant):
            return ascii(node.value)
        if isinstance(node, IMPORTS):
            return f"Import({','.join(sorted(self.bound([node]).values()))})"
        if path := dotted(node):
            return refer(origin) if (origin := origin_of(path, names)) else ".".join(path)
        fields = [f"{field}={self.text(value, refer, scope)}" for field, value, scope in self.fields(node, names)]
        return f"{type(node).__name__}({','.join(fields)})"

    def fields(self, node: ast.AST, names: Names) -> Iterator[tuple[str, object, Names]]:
        """Yield the fields of a node that count, each with the names that are known in it."""
        inner, values = names, dict(ast.iter_fields(node))
        if isinstance(node, (*FUNCTIONS, ast.Lambda)):
            inner = names | self.bound([node.args, *(node.body if isinstance(node.body, list) else [])])
        elif isinstance(node, COMPREHENSIONS):
            inner = names | self.bound(generator.target for generator in node.generators)
            first, *others = node.generators
            yield "of", first.iter, names  # the one part that is read outside
            values["generators"] = [ast.comprehension(first.target, None, first.ifs, first.is_async), *others]
        elif isinstance(node, ast.ClassDef) and node.name in FLAGS:
            values["body"] = [statement for statement in node.body if not isinstance(statement, ast.AnnAssign)]
        for field, value in values.items():
            if field not in SKIPPED and value is not None and value != []:
                yield field, value, names if field in ("args", "decorator_list") else inner

    def bound(self, nodes: Iterable[ast.AST]) -> Names:
        """Return the names that nodes bind in their own scope; of one that is also imported, the import."""
        imported, names, shared, pending = {}, {}, set(), list(nodes)
        while pending:
            match pending.pop(0):
                case ast.Import(names=aliases):
                    for alias in aliases:
                        root = alias.name.partition(".")[0]
                        imported |= {alias.asname: alias.name} if alias.asname else {root: root}
                case ast.ImportFrom(module=module, names=aliases, level=level):
                    above = self.package.split(".")[: 1 - level or None] if level else []
                    base = [*above, module] if module else above
                    imported |= {alias.asname or alias.name: ".".join([*base, alias.name]) for alias in aliases}
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    names[name] = ""
                case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp() as inner:
                    names |= {child.target.id: "" for child in ast.walk(inner) if isinstance(child, ast.NamedExpr)}
                case ast.arguments() as args:
                    args = [*args.posonlyargs, *args.args, args.vararg, *args.kwonlyargs, args.kwarg]
                    names |= {arg.arg: "" for arg in args if arg}
                case ast.Global(names=shared_names):
                    shared.update(shared_names)
                case ast.Lambda() | ast.Name(ctx=ast.Load()):
                    pass
                case node:
                    fields = {ast.Name: "id", ast.MatchMapping: "rest"}
                    kinds = (ast.Name, ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping)
                    name = getattr(node, fields.get(type(node), "name")) if isinstance(node, kinds) else None
                    names |= {name: ""} if name else {}
                    pending += ast.iter_child_nodes(node)
        return {name: origin for name, origin in (names | imported).items() if name not in shared}
