"""The text of a module: the same for another layout or Python, another for other code, without what people read."""

import pytest

from scripts.staleness.canonical_code import Code

SAME = [
    ("f'{x}' 'b'", "f'{x}b'"),
    ("'a' f'{x}' f''", 'f"a{x}"'),
    ("f'a'", "'a'"),
    ("f''", "''"),
    ("f'{x:>3}'", 'f"{x:>3}"'),
    ("1_000", "1000"),
    ("(\n    x, 'é',\n)", 'x, "\\xe9"'),
    ("lambda: x", "(lambda:\n(x))"),
]
DIFFERENT = [
    ("x[1:]", "x[:1]"),
    ("1", "1.0"),
    ("1", "True"),
    ("'1'", "1"),
    ("b'1'", "'1'"),
    ("f'{x}'", "f'{x!r}'"),
    ("f'{x:>3}'", "f'{x:>4}'"),
    ("{**x, 1: 2}", "{1: 2, **x}"),
    ("lambda *, a, b=1: a", "lambda *, a=1, b: a"),
    ("x.a", "x.b"),
    ("x + y", "x - y"),
    ("[*x]", "[x]"),
    ("[y for y in x if y]", "[y for y in x]"),
    ("'\\u2028'", "'u2028'"),
]


def text(source: str) -> str:
    code = Code(source, "toy")
    return str([code.text(nodes, str) for nodes in [*code.definitions.values(), code.always]])


@pytest.mark.parametrize(("one", "other"), SAME)
def test_layout_is_no_part_of_the_text(one, other):
    assert text(f"value = {one}") == text(f"value = {other}")


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_code_is_another_text(one, other):
    assert text(f"value = {one}") != text(f"value = {other}")


# In a function: what a message alone reads goes, and what else is read stays.
GOES = ["why = 'a'", "why = f'{x}'", "why = 'a' if x else 'b'", "why: str = 'a'", "why, y = 'a', 1", "'a'", "pass"]
STAYS = ["why = x()", "y = why = 'a'", "why, *y = 'a', 1", "why, y = 'ab'", "why[0] = 'a'", "y, z = 1, 2"]
STAYS += ["global why; why = 'a'", "class A:\n        why = 'a'", "why = 'a' if x else x()", "print(why := 'a')"]


@pytest.mark.parametrize("line", GOES)
def test_a_text_for_a_message_goes_with_it(line):
    rest = "y = 1" if ", y" in line else "pass"
    form = "def f(x):\n    {}\n    raise BadInput({})"
    assert text(form.format(line, "why")) == text(form.format(rest, ""))
    assert text(form.format(line.replace("'a'", "'other'"), "why")) == text(form.format(line, "why"))


@pytest.mark.parametrize("line", STAYS)
def test_all_else_stays(line):
    form = "def f(x):\n    {}\n    raise BadInput(why)"
    assert text(form.format(line)) != text(form.format("pass"))


def test_a_text_that_is_read_elsewhere_stays():
    form = "def f(x):\n    why = {}\n    def g(): return why\n    raise BadInput(why)"
    assert text(form.format("'a'")) != text(form.format("'b'"))
    form = "def f(x):\n    why = ''\n    def g():\n        nonlocal why\n        why = {}\n    g()\n    return why"
    assert text(form.format("'a'")) != text(form.format("'b'"))


def test_a_field_is_no_plain_attribute_of_a_class():
    assert text("class A:\n    x: int = 1") != text("class A:\n    x = 1")
    assert text("class A:\n    x: int") == text("class A:\n    x: float")


def test_the_text_is_the_same_in_every_version_of_python():
    """As written here: the versions in CI compare with it."""
    source = """
from a import b as c
import d.e
@c.f(1)
def g(x: int, *, y=d.e.h) -> None:
    z = f'{x!r:>{y}}{{' if x else [c.i(j, é=-1e-3) for j in x]
    async with z as k: return k[1:], lambda: (yield), {**z}, "\\u2028"
"""
    assert text(source) == (
        "[\"[FunctionDef(name='g',args=arguments(args=[arg(arg='x')],kwonlyargs=[arg(arg='y')],kw_defaults=[d.e.h]),"
        "body=[Assign(targets=[Name(id='z')],value=IfExp(test=x,body=JoinedStr(values=[FormattedValue(value=x,"
        "conversion=114,format_spec=JoinedStr(values=['>',FormattedValue(value=y,conversion=-1)])),'{']),"
        "orelse=ListComp(of=x,elt=Call(func=a.b.i,args=[j],keywords=[keyword(arg='\\\\xe9',value=UnaryOp(op=USub(),"
        "operand=0.001))]),generators=[comprehension(target=Name(id='j'),is_async=0)]))),AsyncWith(items=[withitem("
        "context_expr=z,optional_vars=Name(id='k'))],body=[Return(value=Tuple(elts=[Subscript(value=k,slice=Slice("
        "lower=1)),Lambda(args=arguments(),body=Yield()),Dict(keys=[None],values=[z]),'\\\\u2028']))])],"
        "decorator_list=[Call(func=a.b.f,args=[1])])]\", '[]']"
    )
