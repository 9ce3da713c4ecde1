"""Python code without what people read: docstrings, annotations, messages, tables, and what runs only as a command."""

import ast

TOLD = ("show", "say", "BadInput")  # what is given to these is for people
TOLD_MODULES = ("case.command", "case.errors", "case.report")  # and to every function of these
Names = dict[str, str]  # the dotted origin of a name, or "" for a local variable


class Prune(ast.NodeTransformer):
    """Changes a syntax tree in place. names: those of its module."""

    def __init__(self, names: Names):
        self.names, self.in_class = names, False

    def is_told(self, node: ast.AST) -> bool:
        """Say whether a node is a call whose arguments are for people."""
        path = dotted(node.func) if isinstance(node, ast.Call) else []
        origin = origin_of(path, self.names)
        module, _, name = origin.rpartition(".") if origin or len(path) > 1 else ("", "", "".join(path))
        return name in TOLD or module in TOLD_MODULES

    def visit_Call(self, node):
        """Drop the arguments that are for people."""
        self.generic_visit(node)
        return ast.Call(node.func, [], []) if self.is_told(node) else node

    def visit_Expr(self, node):
        """Drop docstrings, and calls that only tell people something."""
        self.generic_visit(node)
        return None if isinstance(node.value, ast.Constant) or self.is_told(node.value) else node

    def visit_Pass(self, node):
        """Drop a pass."""
        return None

    def visit_If(self, node):
        """Drop what runs only as a command."""
        self.generic_visit(node)
        return None if "__name__" in [getattr(part, "id", "") for part in ast.walk(node.test)] else node

    def visit_JoinedStr(self, node):
        """Join neighbouring texts, which versions of Python cut in different places; a text alone is no f-string."""
        self.generic_visit(node)
        merged: list[ast.expr] = [ast.Constant("")]
        for part in node.values:
            if isinstance(part, ast.Constant) and isinstance(merged[-1], ast.Constant):
                merged[-1] = ast.Constant(merged[-1].value + part.value)
            else:
                merged.append(part)
        merged = [part for part in merged if not isinstance(part, ast.Constant) or part.value]
        if all(isinstance(part, ast.Constant) for part in merged):
            return merged[0] if merged else ast.Constant("")
        return ast.JoinedStr(merged)

    def visit_AnnAssign(self, node):
        """Keep what may be a field; elsewhere the annotation changes nothing."""
        self.generic_visit(node)
        plain = ast.Assign([node.target], node.value) if node.value else None
        return node if self.in_class else plain

    def visit_ClassDef(self, node):
        """Keep the annotations in its body: they may be fields."""
        return self.visit_body(node, True)

    def visit_FunctionDef(self, node):
        """Drop a function that only tells people something; of another, the texts that nothing reads any more."""
        self.visit_body(node, False)
        nodes = list(ast.walk(node))
        read = {child.id for child in nodes if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load)}
        shared = [child.names for child in nodes if isinstance(child, (ast.Global, ast.Nonlocal))]
        return None if node.name in TOLD else Unread(read.union(*shared)).generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_body(self, node, in_class: bool):
        """Visit what is in a class or a function, and note which of the two it is."""
        outer, self.in_class = self.in_class, in_class
        self.generic_visit(node)
        self.in_class = outer
        return node


class Unread(ast.NodeTransformer):
    """Takes out of a function the texts whose variable only a message read. read: the variables that others read."""

    def __init__(self, read: set[str]):
        self.read = read

    def visit_ClassDef(self, node):
        """Leave a class as it is: its variables are fields."""
        return node

    def visit_Assign(self, node):
        """Drop the texts whose variable nothing reads."""
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                pairs = list(zip(targets, values, strict=False))
                if len(targets) != len(values) or any(isinstance(element, ast.Starred) for element in targets + values):
                    return node
            case ast.Assign(targets=[target], value=value):
                pairs = [(target, value)]
            case _:
                return node
        pairs = [(target, value) for target, value in pairs if not (self.is_unread(target) and is_text(value))]
        if len(pairs) > 1:
            targets, values = map(list, zip(*pairs, strict=True))
            return ast.Assign([ast.Tuple(targets, ast.Store())], ast.Tuple(values, ast.Load()))
        return ast.Assign([pairs[0][0]], pairs[0][1]) if pairs else None

    def is_unread(self, target: ast.expr) -> bool:
        """Say whether a target is a variable that nothing reads."""
        return isinstance(target, ast.Name) and target.id not in self.read


def is_text(node: ast.expr) -> bool:
    """Say whether an expression can be nothing but a text."""
    if isinstance(node, ast.IfExp):
        return is_text(node.body) and is_text(node.orelse)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def dotted(node: ast.AST) -> list[str]:
    """Return the parts of a name that is read, such as `lora.train`; none for another node."""
    if isinstance(node, ast.Attribute) and (path := dotted(node.value)):
        return [*path, node.attr]
    return [node.id] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) else []


def origin_of(path: list[str], names: Names) -> str:
    """Return the origin of a dotted name; nothing for a local variable and for what is built in."""
    return ".".join([names[path[0]], *path[1:]]) if path and names.get(path[0]) else ""
