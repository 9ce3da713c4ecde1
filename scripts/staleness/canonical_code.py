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
    """A module. definitions: name -> statements. always: the other statements, which run on import."""

    def __init__(self, source: str, name: str, package: str = ""):
        tree, self.package = ast.parse(source), package
        bound = self.bound(tree.body)
        self.imports = [origin for origin in bound.values() if origin]
        self.names = {own: origin or f"{name}.{own}" for own, origin in bound.items()}
        self.definitions: dict[str, list[ast.stmt]] = {}
        self.always: list[ast.stmt] = []
        for statement in Prune(self.names).visit(tree).body:
            if isinstance(statement, IMPORTS):
                continue
            names = self.bound([statement])
            defines = names and isinstance(statement, (*FUNCTIONS, ast.ClassDef, ast.Assign, ast.AugAssign))
            for own in names:
                self.definitions.setdefault(own, []).extend([statement] if defines else [])
            self.always += [] if defines else [statement]

    def text(self, node: object, refer: Callable[[str], str], names: Names | None = None) -> str:
        """Return the text of a node or a list; refer gets every origin in it, and returns how to write it."""
        names = self.names if names is None else names
        if isinstance(node, list):
            return f"[{','.join(self.text(each, refer, names) for each in node)}]"
        if not isinstance(node, ast.AST):
            return ascii(node)
        if isinstance(node, ast.Constant):
            return ascii(node.value)
        if isinstance(node, IMPORTS):
            return f"Import({','.join(sorted(self.bound([node]).values()))})"
        if path := dotted(node):
            return refer(found) if (found := origin_of(path, names)) else ".".join(path)
        fields = [f"{field}={self.text(value, refer, known)}" for field, value, known in self.fields(node, names)]
        return f"{type(node).__name__}({','.join(fields)})"

    def fields(self, node: ast.AST, names: Names) -> Iterator[tuple[str, object, Names]]:
        """Yield the fields of a node that count, each with the names that are known in it."""
        inner, values = names, dict(ast.iter_fields(node))
        if isinstance(node, (*FUNCTIONS, ast.Lambda)):
            inner = names | self.bound([node.args, *(node.body if isinstance(node.body, list) else [])])
        elif isinstance(node, COMPREHENSIONS):
            inner = names | self.bound(each.target for each in node.generators)
            first, *others = node.generators
            yield "of", first.iter, names  # the one part that is read outside
            values["generators"] = [ast.comprehension(first.target, None, first.ifs, first.is_async), *others]
        elif isinstance(node, ast.ClassDef) and node.name in FLAGS:
            values["body"] = [each for each in node.body if not isinstance(each, ast.AnnAssign)]
        for field, value in values.items():
            if field not in SKIPPED and value is not None and value != []:
                yield field, value, names if field in ("args", "decorator_list") else inner

    def bound(self, nodes: Iterable[ast.AST]) -> Names:
        """Return the names that nodes bind in their own scope; of one that is also imported, the import."""
        imported, names, shared, left = {}, {}, set(), list(nodes)
        while left:
            match left.pop(0):
                case ast.Import(names=aliases):
                    for alias in aliases:
                        root = alias.name.partition(".")[0]
                        imported |= {alias.asname: alias.name} if alias.asname else {root: root}
                case ast.ImportFrom(module=module, names=aliases, level=level):
                    above = self.package.split(".")[: 1 - level or None] if level else []
                    base = [*above, module] if module else above
                    imported |= {each.asname or each.name: ".".join([*base, each.name]) for each in aliases}
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    names[name] = ""
                case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp() as inner:
                    names |= {each.target.id: "" for each in ast.walk(inner) if isinstance(each, ast.NamedExpr)}
                case ast.arguments() as every:
                    every = [*every.posonlyargs, *every.args, every.vararg, *every.kwonlyargs, every.kwarg]
                    names |= {each.arg: "" for each in every if each}
                case ast.Global(names=several):
                    shared.update(several)
                case ast.Lambda() | ast.Name(ctx=ast.Load()):
                    pass
                case other:
                    fields = {ast.Name: "id", ast.MatchMapping: "rest"}
                    kinds = (ast.Name, ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping)
                    own = getattr(other, fields.get(type(other), "name")) if isinstance(other, kinds) else None
                    names |= {own: ""} if own else {}
                    left += ast.iter_child_nodes(other)
        return {name: origin for name, origin in (names | imported).items() if name not in shared}
