// @ts-check
// The reader's own Python: boots Pyodide with the quiz, then answers JSON text with JSON text.
//
// page to worker  { boot: { runtime, files, reload } } once, then { id, text }
// worker to page  { ready: true, python } or { failed }, then { id, text } or { failed }
//
// A module worker; Pyodide has refused classic ones since 314.

/** @typedef {{runtime: string, files: Record<string, string>, reload: boolean}} Boot where the runtime is; file name -> hash */

const network = self.fetch.bind(self);
/** @type {((text: string) => string) | undefined} */
let reply;
/** @type {{id: number, text: string}[]} */
const waiting = [];

self.addEventListener("message", ({ data }) => {
  if (data.boot) boot(data.boot).then(ready, (error) => fail(error, "failed-to-load"));
  else if (reply) answer(data);
  else waiting.push(data);
});

// While it boots, Pyodide leaves some of its own promises alone; the file that failed is reported by `boot`, once.
self.addEventListener("unhandledrejection", (event) => !reply && event.preventDefault());

/** @param {string} python */
function ready(python) {
  self.postMessage({ ready: true, python });
  waiting.splice(0).forEach(answer);
}

/** @param {{id: number, text: string}} request */
function answer({ id, text }) {
  try {
    self.postMessage({ id, text: /** @type {any} */ (reply)(text) });
  } catch (error) {
    fail(error, "crashed"); // the API never raises, so Python itself is gone
  }
}

/**
 * @param {unknown} error
 * @param {string} reason
 */
function fail(error, reason) {
  self.postMessage({ failed: error instanceof NoWebAssembly ? "no-wasm" : reason, detail: String(error) });
}

class NoWebAssembly extends Error {}

/**
 * Boot Python and import the quiz.
 * @param {Boot} where
 * @returns {Promise<string>} Python's version, such as "3.14"
 */
async function boot({ runtime, files, reload }) {
  try {
    new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)); // the empty module: a policy may forbid it
  } catch (error) {
    throw new NoWebAssembly(String(error));
  }
  /** @param {string} name */
  const address = (name) => `${runtime}${name}?v=${encodeURIComponent(files[name].slice(7, 23))}`;

  /** @param {string} name @param {RequestInit} [checked] */
  async function request(name, checked) {
    const response = await network(address(name), { ...checked, cache: reload ? "reload" : "default" });
    if (!response.ok) throw new Error(`${name}: ${response.status}`);
    return response;
  }

  /** @param {string} name */
  async function load(name) {
    if (reload) await (await request(name)).arrayBuffer(); // import() cannot go past the cache, so renew what is in it
    return import(address(name));
  }

  // Everything at once. The wasm is not checked against its hash: that would hold back compiling until its last byte is here.
  const wasm = request("pyodide.asm.wasm").then(compile);
  const machine = load("pyodide.asm.mjs");
  const pyodide = load("pyodide.mjs");
  const early = Object.fromEntries(
    Object.keys(files)
      .filter((name) => !name.startsWith("pyodide."))
      .map((name) => [name, request(name, { integrity: files[name] })]),
  );
  early["python_stdlib.zip"] = early["python_stdlib.gzip"].then(unpack);
  const requests = Object.values(early);

  // Pyodide has no option to be handed what is already on its way, so its requests are answered from `early`.
  self.fetch = (resource, options) => early[String(resource).slice(runtime.length)] ?? network(resource, options);
  WebAssembly.instantiateStreaming = /** @type {any} */ (
    async (/** @type {Promise<Response>} */ response, /** @type {WebAssembly.Imports} */ imports) => {
      await response;
      const module = await wasm;
      return { module, instance: await WebAssembly.instantiate(module, imports) };
    }
  );
  early["pyodide.asm.wasm"] = Promise.resolve(new Response());

  const booted = Promise.all([pyodide, machine, early["pyodide-lock.json"]]).then(async ([library, { default: create }, lock]) => {
    const contents = await lock.json();
    return library.loadPyodide({
      indexURL: runtime,
      packageBaseUrl: runtime,
      lockFileContents: contents,
      packages: Object.keys(contents.packages),
      createPyodideModule: create,
    });
  });
  // Pyodide logs some failures and then waits for ever; a file that fails ends the boot here.
  const [python] = await Promise.all([booted, wasm, ...requests]);
  reply = python.pyimport("quiz.api.reply"); // the one Python object that JavaScript holds
  return python.runPython("import sys; '%d.%d' % sys.version_info[:2]");
}

/**
 * Unpack what was compressed by us, so that no host has to: the browser is quicker at it than Python.
 * @param {Response} response
 */
const unpack = ({ body }) => new Response(body?.pipeThrough(new DecompressionStream("gzip")));

/**
 * Compile while the bytes arrive, where the host names the type as browsers demand for that.
 * @param {Response} response
 */
async function compile(response) {
  const streams = response.headers.get("content-type")?.startsWith("application/wasm");
  return streams ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}
