// Known answers and golden hashes in WebAssembly: node latents_wasm.mjs kernels.wasm tests/data
// Exits with 1, naming them, if any line differs; prints how many were compared otherwise.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const [module, data] = process.argv.slice(2);
const { instance } = await WebAssembly.instantiate(readFileSync(module));
const core = instance.exports;
const LAWS = { words: 0, uniform: 1, normal: 2, truncated_normal: 3 };

function* lines(name) {
  for (const line of readFileSync(`${data}/${name}`, "utf8").split("\n")) {
    if (line !== "" && !line.startsWith("#")) yield line;
  }
}

// Runs `write(pointer)` and returns a copy of `bytes` bytes from there.
function result(bytes, write) {
  const pointer = core.buffer(bytes);
  if (pointer === 0) throw new Error(`no memory for ${bytes} bytes`);
  write(pointer);
  return new Uint8Array(core.memory.buffer, pointer, bytes).slice();
}

function fill(law, seed, start, stream, count, dim, threshold) {
  const numbers = [seed, start].map((x) => BigInt.asIntN(64, BigInt(x)));
  return result(4 * Number(count) * Number(dim), (to) =>
    core.fill(LAWS[law], ...numbers, Number(stream) | 0, BigInt(count), BigInt(dim), threshold, to));
}

// All numbers of these files are hexadecimal; | and -> only part them.
const hexadecimal = (line) => line.split(/[\s|>-]+/).map((word) => parseInt(word, 16));
const words = (bytes) => [...new Uint32Array(bytes.buffer)];
const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);

function* compared() {
  for (const line of lines("philox4x32_10.txt")) {
    const numbers = hexadecimal(line);
    const drawn = words(result(16, (to) => core.philox(...numbers.slice(0, 6), to)));
    yield [line, same(drawn, numbers.slice(6))];
  }
  for (const line of lines("normal_known_answers.txt")) {
    const [kind, ...fields] = line.split(/[\s|>-]+/);
    if (kind === "box") {
      const [a, b, ...bits] = fields.map((word) => parseInt(word, 16));
      yield [line, same(words(result(8, (to) => core.box(a, b, to))), bits)];
    } else {
      const [seed, index, stream, element, bits] = fields.map((word) => BigInt(`0x${word}`));
      const row = words(fill("normal", seed, index, stream, 1n, element + 1n, 1));
      yield [line, kind === "normal" && row[Number(element)] === Number(bits)];
    }
  }
  for (const line of lines("laws_known_answers.txt")) {
    const [kind, ...fields] = line.split(/[\s|>-]+/);
    const [a, b, c] = fields.map((word) => parseInt(word, 16));
    if (kind === "uniform") {
      yield [line, core.element(LAWS.uniform, a, 0) >>> 0 === b];
    } else if (kind === "truncation") {
      yield [line, same(words(result(8, (to) => core.truncation(a, to))), [b, c])];
    } else if (kind === "truncated") {
      yield [line, core.element(LAWS.truncated_normal, b, a) >>> 0 === c];
    }
  }
  for (const line of lines("golden_latents.txt")) {
    const [law, seed, start, stream, count, dim, parameter, sha256] = line.split(" ");
    if (!(law in LAWS)) continue; // random and labels are Python's
    const threshold = { "-": 1, inf: Infinity }[parameter] ?? Number(parameter);
    const drawn = fill(law, seed, start, stream, count, dim, threshold);
    yield [line, createHash("sha256").update(drawn).digest("hex") === sha256];
  }
}

const all = [...compared()];
const wrong = all.filter(([, holds]) => !holds);
for (const [line] of wrong) console.error(`differs: ${line}`);
console.log(all.length);
process.exitCode = wrong.length === 0 && all.length > 0 ? 0 : 1;
