// @ts-check
// Compile files of Pyodide's standard library to byte code, by the very Python that will run it, into a zip.
// node compile.mjs PYODIDE_FOLDER PACKAGES_FOLDER FILES_JSON OUT_ZIP
import { readFileSync, writeFileSync } from "node:fs";
import { boot } from "./boot.mjs";

const [folder, packages, files, out] = process.argv.slice(2);
const python = await boot(folder, packages);
python.globals.set("files", readFileSync(files, "utf8"));
// optimize=2 drops docstrings and asserts. The header says "trust me": zipimport then never looks for a source file.
// Stored, because Python in a browser inflates slowly: the whole zip is compressed instead (build.py), and the browser unpacks it.
const bytes = python.runPython(`
import io, json, sys, zipfile
from importlib.util import source_hash
from importlib._bootstrap_external import _code_to_hash_pyc as byte_code

library = next(entry for entry in sys.path if entry.endswith(".zip"))
packed = io.BytesIO()
with zipfile.ZipFile(library) as sources, zipfile.ZipFile(packed, "w") as compiled:
    for name in json.loads(files):
        source = sources.read(name)
        code = compile(source, f"{library}/{name}", "exec", optimize=2, dont_inherit=True)
        entry = zipfile.ZipInfo(name + "c")  # dated 1980, the zip format's first day
        compiled.writestr(entry, byte_code(code, source_hash(source), checked=False), zipfile.ZIP_STORED)
packed.getvalue()
`);
writeFileSync(out, bytes.toJs());
bytes.destroy();
