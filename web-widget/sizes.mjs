// Prints what a page downloads and fails when something has outgrown its budget.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const list = (folder) => readdirSync(at(`dist/${folder}`)).map((name) => `${folder}${name}`);
const budgets = [
  [/^widget\.js$/, 3 * 1024],
  [/^messenger\/assets\/index-.+\.js$/, 150 * 1024],
  [/^widget\/chat-.+\.js$/, 15 * 1024],
  [/^widget\/.+\.js$/, 8 * 1024],
];

let over = false;
for (const file of ["widget.js", ...list("widget/"), ...list("messenger/assets/")]) {
  const bytes = readFileSync(at(`dist/${file}`));
  const gz = gzipSync(bytes, { level: 9 }).length;
  const most = budgets.find(([name]) => name.test(file))?.[1];
  const tooBig = most !== undefined && gz > most;
  over ||= tooBig;
  console.log(`${file.padEnd(44)} ${String(bytes.length).padStart(7)} B ${String(gz).padStart(7)} B gz${most ? `  of ${most}${tooBig ? "  TOO BIG" : ""}` : ""}`);
}
if (over) process.exit(1);
