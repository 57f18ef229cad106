import type { Rung } from "../executor/index.ts";
import type { Check, Report, Verdict } from "./contract.ts";

const signs: Readonly<Record<Verdict, string>> = { ok: "ok  ", note: "note", warning: "WARN", problem: "FAIL" };

/** The report for people. */
export function reportText(report: Report): string {
  const lines = [
    ...report.checks.flatMap(checkLines),
    "",
    "isolation, from the strongest to the weakest:",
    ...report.rungs.flatMap((rung) => rungLines(rung, rung.name === report.isolation)),
    "",
    report.canBuild
      ? `builds work here, with isolation ${report.isolation}`
      : "builds do not work here: see what is marked with FAIL",
    ...nextLines(report.next),
  ];
  return `${lines.join("\n")}\n`;
}

function checkLines({ id, verdict, found, hint }: Check): string[] {
  const line = `${signs[verdict]}  ${id.padEnd(18)}${found}`;
  return hint === undefined || verdict === "ok" ? [line] : [line, `${" ".repeat(24)}hint: ${hint}`];
}

function rungLines({ name, works, lacks, notes }: Rung, chosen: boolean): string[] {
  const sign = works ? (chosen ? "->" : "ok") : "no";
  const missing = lacks.map(({ what, fix }) => `      missing: ${what}${fix === undefined ? "" : ` (${fix})`}`);
  return [`  ${sign}  ${name}`, ...missing, ...notes.map((note) => `      ${note}`)];
}

function nextLines(next: Rung | undefined): string[] {
  if (next === undefined) return [];
  return [`for isolation ${next.name} a pod's container says:`, "", ...next.podSpec.map((line) => `  ${line}`)];
}
