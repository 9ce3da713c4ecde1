"""A name is followed to the definition that it means, in every form in which one can be bound or read."""

import pytest

from scripts.staleness.code_hash import code_of
from tests.code_hash_data import JUDGE, OTHER, TOY, WORDS, changed, edit, write, write_toy


@pytest.fixture
def root(tmp_path):
    return write_toy(tmp_path)


# Every form in which a name can be bound or read: whether `used` of other.py is followed from `main`.
FOLLOWED = {
    "def main():\n    from other import used as it\n    return it()": True,
    "def main():\n    import other\n    return other.used()": True,
    "import other\ndef main(kind):\n    return getattr(other, kind)": True,
    "from other import used\ndef main(rows=used):\n    return rows": True,
    "from other import used\n@used\ndef main():\n    return 1": True,
    "from other import used\ndef main():\n    return [used for used in used()]": True,
    "from other import used\ndef main():\n    return [used for used in range(3)]": False,
    "from other import used\ndef main():\n    return {k: used for k in 'ab' for used in k}": False,
    "from other import used\ndef main():\n    return [(used := 1) for _ in 'ab'], used": False,
    "from other import used\ndef main(used):\n    return used": False,
    "from other import used\ndef main(*used):\n    return lambda: used": False,
    "from other import used\ndef main():\n    return lambda used: used": False,
    "from other import used\ndef main():\n    return (lambda used: used)(used)": True,
    "from other import used\ndef main():\n    used = 1\n    return used": False,
    "from other import used\ndef main():\n    global used\n    used = 1\n    return used": True,
    "from other import used\ndef main():\n    try: pass\n    except OSError as used: print(used)": False,
    "from other import used\ndef main(x):\n    match x:\n        case [*used]:\n            print(used)": False,
    "from other import used\ndef main(x):\n    match x:\n        case {**used}:\n            print(used)": False,
    "from other import used\ndef main(x):\n    match x:\n        case used:\n            print(used)": False,
    "from other import used\ndef main():\n    def used(): pass\n    return used": False,
    "from other import used\nasync def main():\n    async def used(): pass\n    return used": False,
    "from other import used\ndef main(x: used) -> used:\n    y: used\n    return x": False,
    "from other import used\nclass A:\n    used: int = 1\n    def f(self): return used\ndef main(): return A": True,
    "from other import used\nclass A:\n    def show(self): return used\ndef main(): return A": False,
    "from other import used\ndef main(): return BadInput(used)": False,
    "from case import command\nfrom other import used\ndef main(): command.say(used, 2)": False,
    "from case.report import table as t\nfrom other import used\ndef main(): return t(used)": False,
    "from other import used\ndef main(logger): logger.show(used)": True,
    "from other import used, show as tell\ndef main(): return tell(used)": False,
    "import other\ndef main(): return other.show(other.used)": False,
    "from case import CASE\nfrom other import used\ndef main(): return CASE.joinpath(used)": True,
    "from other import used\nif True:\n    X = used\ndef main(): return X": True,
    "try:\n    from other import used\nexcept ImportError:\n    used = None\ndef main(): return used": True,
    "from again import used\ndef main(): return used": True,
    "from around import used\ndef main(): return used": False,
    "from other import show\ndef main(): return show": False,
    "from case.model.inner import used\ndef main(): return used": True,
    "from other import *\ndef main(): return used": False,
    "import numpy\ndef main(): return numpy.used, unknown": False,
}


@pytest.mark.parametrize(("source", "followed"), FOLLOWED.items(), ids=range(len(FOLLOWED)))
def test_a_name_is_followed_where_it_means_that_definition(root, source, followed):
    write(root, "toy.py", source)
    write(root, "other.py", "def used(): return 1\ndef show(): return used")
    write(root, "again.py", "from other import used")
    write(root, "around.py", "from around import used")
    write(root, "case/model/__init__.py", "")
    write(root, "case/model/inner.py", "from .. import command\nfrom ...other import used\nfrom . import near")
    before = code_of(TOY, root)
    edit(root, "other.py", "return 1", "return 2")
    assert changed(before, code_of(TOY, root)) == ({OTHER} if followed else set())


def test_a_relative_import_is_of_its_own_package(root):
    write(root, "toy.py", "from case.model import open\ndef main(): return open()")
    write(
        root,
        "case/model/__init__.py",
        "from . import near\nfrom ..judge import judge\ndef open(): return near.x, judge",
    )
    write(root, "case/model/near.py", "x = 1")
    names = [name for name in code_of(TOY, root) if name.endswith(".py")]
    assert names == [JUDGE, "snippets/case/model/__init__.py", "snippets/case/model/near.py", WORDS, str(TOY)]
