// @ts-check
// What Pyodide's own documentation shows: its npm files as they are, then the wheel by its address.
import { loadPyodide } from "/stock/pyodide.mjs";

self.onmessage = async ({ data }) => {
  try {
    const python = await loadPyodide();
    await python.loadPackage(new URL(data.wheel, location.href).href);
    const api = python.pyimport("quiz.api");
    self.postMessage({ text: api.reply(data.text) });
  } catch (error) {
    self.postMessage({ failed: String(error) });
  }
};
