/**
 * `npm run conformance -- [FOLDER] [--verbose]`: converts every case of a folder (default: conformance/dockerfile) and compares
 * with what upstream made of it. Prints one line per case; exits 1 when a case differs that is not a known exception.
 */
import { join } from "node:path";
import { readCases } from "./case.ts";
import { exceptions } from "./exceptions.ts";
import { runCase } from "./run-case.ts";

const args = process.argv.slice(2);
const verbose = args.includes("--verbose");
const folder = args.find((arg) => !arg.startsWith("--")) ?? join(import.meta.dirname, "dockerfile");

const counts = { ok: 0, differs: 0, excepted: 0 };
for (const recorded of readCases(folder)) {
  const differences = await runCase(recorded);
  const reason = exceptions.get(recorded.name);
  if (differences.length === 0) {
    counts.ok++;
    console.log(`ok       ${recorded.name}`);
  } else if (reason !== undefined) {
    counts.excepted++;
    console.log(`excepted ${recorded.name}: ${reason}`);
  } else {
    counts.differs++;
    console.log(`DIFFERS  ${recorded.name}: ${verbose ? "" : shorten(differences[0] ?? "")}`);
    if (verbose) for (const difference of differences) console.log(`    ${difference}`);
  }
}
console.log(`${counts.ok} ok, ${counts.differs} differ, ${counts.excepted} known exceptions`);
process.exitCode = counts.differs > 0 ? 1 : 0;

function shorten(text: string): string {
  const line = text.replaceAll("\n", " ");
  return line.length > 300 ? `${line.slice(0, 300)}...` : line;
}
