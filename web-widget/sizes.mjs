// Prints what a page downloads and fails when something has outgrown its budget.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const list = (folder) => readdirSync(at(`dist/${folder}`)).map((name) => `${folder}${name}`);
const budgets = [
  [/^widget\.js$/, 3 * 1024],
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
// What the messenger's page loads before anything is shown: its entry and what that imports at once.
const FIRST_LOAD = 150 * 1024;
const first = [...readFileSync(at("dist/messenger/index.html"), "utf8").matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)].map(([, name]) => name);
const whole = first.reduce((sum, name) => sum + gzipSync(readFileSync(at(`dist/messenger/${name}`)), { level: 9 }).length, 0);
over ||= whole > FIRST_LOAD || first.length === 0;
console.log(`${"messenger, first load".padEnd(54)} ${String(whole).padStart(7)} B gz  of ${FIRST_LOAD}${whole > FIRST_LOAD ? "  TOO BIG" : ""}`);
if (over) process.exit(1);
