// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings are Dockerfile syntax
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CooperError } from "../../../kit/index.ts";
import { createLinter, parseLintConfig } from "../lint/index.ts";
import { environmentOf, expandWord } from "../shell/index.ts";
import { detectSyntax } from "./directives.ts";
import { sourceDetailsOf } from "./errors.ts";
import { expandInstruction } from "./expand.ts";
import { dockerfileSource, parseDockerfile } from "./file.ts";
import { parseInstructions } from "./instructions.ts";

/** `COOPER_FUZZ_RUNS=1000000` for a long run by hand. */
const numRuns = Number(process.env.COOPER_FUZZ_RUNS ?? 1500);

const commands =
  "FROM ARG ENV RUN COPY ADD WORKDIR USER CMD ENTRYPOINT LABEL EXPOSE VOLUME STOPSIGNAL SHELL HEALTHCHECK ONBUILD MAINTAINER";
const token = fc.oneof(
  fc.constantFrom(...commands.split(" ")),
  fc.constantFrom(
    "--from=a",
    "--mount=type=cache,target=/x",
    '--mount="',
    "--link",
    "--chmod=",
    "--",
    "--x",
    "--exclude=*",
  ),
  fc.constantFrom(
    "<<EOF",
    "<<-'E'",
    "EOF",
    "\nEOF\n",
    "<<",
    '["a", "b"]',
    "[",
    "]",
    "a=b",
    "=",
    "$A",
    "${A:-b}",
    "'",
    '"',
  ),
  fc.constantFrom(
    "\\\n",
    "\n",
    "\r\n",
    "\n#",
    "# escape=`\n",
    "# check=skip=all\n",
    "`\n",
    " ",
    "\t",
    "\0",
    "\uFEFF",
    "é",
    "👽",
  ),
  fc.constantFrom("AS", "a", "NONE", "CMD", "1s", "--interval=1h", "--retries=x", "80/tcp"),
  fc.string({ maxLength: 4 }),
);
const dockerfile = fc
  .array(token, { maxLength: 60 })
  .chain((tokens) => fc.constantFrom("", " ").map((separator) => new TextEncoder().encode(tokens.join(separator))));
const anyBytes = fc.uint8Array({ maxLength: 400 });

function exercise(data: Uint8Array): void {
  detectSyntax(data);
  const file = parseDockerfile(dockerfileSource(data));
  const linter = createLinter(parseLintConfig("experimental=all"), () => {});
  const env = environmentOf(["A=x"]);
  const expand = (word: string) => expandWord(word, env, { escapeToken: file.escapeToken }).result;
  for (const stage of parseInstructions(file, linter).stages) {
    expect(stage.location[0]?.start.line).toBeGreaterThan(0);
    for (const instruction of stage.instructions) expandInstruction(instruction, expand, expand);
  }
}

function survives(data: Uint8Array): void {
  try {
    exercise(data);
  } catch (error) {
    expect(error).toBeInstanceOf(CooperError);
    const code = (error as CooperError).code;
    expect(code.startsWith("dockerfile/")).toBe(true);
    if (code !== "dockerfile/expansion" && code !== "dockerfile/invalid") expect(sourceDetailsOf(error)).toBeDefined();
  }
}

describe("the Dockerfile parser and hostile files", () => {
  it("answers or throws a CooperError for pieces of Dockerfile in any order", () => {
    fc.assert(fc.property(dockerfile, survives), { numRuns });
  });

  it("answers or throws a CooperError for any bytes", () => {
    fc.assert(fc.property(anyBytes, survives), { numRuns });
  });

  it("takes linear time for long runs of any one construct", () => {
    const units = [
      "RUN a\n",
      "RUN <<E\nE\n",
      "# c\n",
      "\\\n",
      "a\\\n",
      "\n",
      "<<E ",
      "--x=y ",
      "ONBUILD ",
      "ENV a=b\n",
      "[",
      '"',
      "\\ ",
      "a=b ",
    ];
    for (const unit of units) {
      for (const start of ["FROM a\n", "FROM a\nRUN ", "FROM a\nENV a=", "FROM a\nCOPY --exclude=a "]) {
        const lines = unit.endsWith("\n") ? 400_000 : 60_000;
        survives(new TextEncoder().encode(start + unit.repeat(lines / unit.length)));
      }
    }
  });
});
