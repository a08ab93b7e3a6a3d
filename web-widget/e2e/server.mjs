// Starts the program, as tests and tools do: on a folder of its own, or on one that is there already.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const START_MS = 60_000;

/** Nothing of the settings around is meant for it. */
const clean = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("KOMMUTATOR_")));

/** Starts it and waits for the line of its output that `ready` makes something of. */
export async function start(args, { data = mkdtempSync(join(tmpdir(), "kommutator-e2e-")), listen = "127.0.0.1:0", environment = {}, ready = JSON.parse, startMs = START_MS } = {}) {
  const binary = process.env.KOMMUTATOR_BIN;
  if (!binary) throw new Error("KOMMUTATOR_BIN names no program to test");
  const child = spawn(binary, [...args, "--data", data, "--listen", listen], { stdio: ["ignore", "pipe", "inherit"], env: { ...clean(), ...environment } });
  // It does not outlive who started it.
  const end = () => child.kill("SIGKILL");
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
  const ended = new Promise((done) => child.once("exit", done));
  const said = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the server said nothing in time")), startMs);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const found = ready(line);
      if (!found) return;
      clearTimeout(timer);
      resolve(found);
    });
  });
  /** Without a signal it ends in order, and its folder goes. */
  const stop = async (signal) => {
    child.kill(signal ?? "SIGTERM");
    await ended;
    if (!signal) rmSync(data, { recursive: true, force: true });
  };
  return { said, data, stop };
}

/** A demo, with its own sample or another. */
export const demoServer = (sample, options) => start(["demo", "--json", "--limits", "off", ...(sample ? ["--sample", sample] : [])], options);
