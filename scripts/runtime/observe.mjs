// @ts-check
// Run every request of exercise.py once. Print the standard library's files that booting and the quiz imported, as a
// JSON list, and write the quiz's wheel again with the byte code of its modules beside them: the browser's Python then
// has nothing to compile, which saves a tenth of the time to the first verdict.
// node observe.mjs PYODIDE_FOLDER PACKAGES_FOLDER EXERCISE OUT_FOLDER
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { boot } from "./boot.mjs";

const [folder, packages, exercise, out] = process.argv.slice(2);
const python = await boot(folder, packages);
python.runPython(readFileSync(exercise, "utf8"));
// Frozen modules (os, codecs, site, ...) are inside the wasm already.
const files = python.runPython(`
import sys
from quiz.api import reply
for request in requests():
    reply(request)
library = next(entry for entry in sys.path if entry.endswith(".zip")) + "/"
files = {
    module.__file__.removeprefix(library)
    for module in list(sys.modules.values())
    if (getattr(module, "__file__", None) or "").startswith(library) and module.__spec__.origin != "frozen"
}
json.dumps(sorted(files), indent=0)
`);

const lock = JSON.parse(readFileSync(join(packages, "pyodide-lock.json"), "utf8"));
const [{ file_name: wheel }] = /** @type {any[]} */ (Object.values(lock.packages));
python.globals.set("wheel", readFileSync(join(packages, wheel)).toString("base64"));
const bytes = python.runPython(`
import base64, hashlib, io, zipfile
from importlib.util import cache_from_source, source_hash
from importlib._bootstrap_external import _code_to_hash_pyc as byte_code

plain = zipfile.ZipFile(io.BytesIO(base64.b64decode(wheel)))
members = {name: plain.read(name) for name in plain.namelist()}
installed = sys.modules["quiz"].__path__[0].removesuffix("quiz")
ran = sorted(module.__file__ for name, module in sys.modules.items() if name.partition(".")[0] == "quiz")
compiled = {}
for file in ran:
    name = file.removeprefix(installed)
    code = compile(members[name], file, "exec", dont_inherit=True)
    compiled[cache_from_source(name)] = byte_code(code, source_hash(members[name]), checked=False)
record = next(name for name in members if name.endswith(".dist-info/RECORD"))
for name, data in compiled.items():
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    members[record] += f"{name},sha256={digest},{len(data)}\\n".encode()
packed = io.BytesIO()
with zipfile.ZipFile(packed, "w") as archive:
    for name, data in (members | compiled).items():
        archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 9)
packed.getvalue()
`);
writeFileSync(join(out, wheel), bytes.toJs());
bytes.destroy();
console.log(files);
