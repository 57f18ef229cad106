import { describe, expect, it } from "vitest";
import { type Location, lineRanges } from "../parse/index.ts";
import { fileOf, stagesOf } from "../parse/testing.ts";
import { environmentOf, expandWord } from "../shell/index.ts";
import {
  checkConstPlatform,
  checkDefaultBases,
  checkEmptyContinuations,
  checkSecretKey,
  checkStages,
  checkTargetPlatform,
  checkUndefinedArgs,
  checkUndefinedVars,
  createLinter,
  type Linter,
  parseLintConfig,
  UsedOnce,
} from "./index.ts";

const here = lineRanges(7, 7);

/** `message@line` of what `check` reports. */
function reported(check: (linter: Linter) => void): string[] {
  const found: string[] = [];
  const line = (location: Location) => location[0]?.start.line;
  check(createLinter(parseLintConfig(""), ({ message, location }) => found.push(`${message}@${line(location)}`)));
  return found;
}

describe("checks of a file", () => {
  it("find empty continuation lines", () => {
    const file = fileOf("FROM a\nRUN x \\\n\n  y\n");
    expect(reported((linter) => checkEmptyContinuations(file, linter))).toEqual(["Empty continuation line@4"]);
  });

  it("find stage names that are taken, by this file or by upstream", () => {
    const { stages } = stagesOf("FROM a AS x\nFROM a AS scratch\nFROM a AS X\nFROM a\nFROM b\n");
    expect(reported((linter) => checkStages(stages, linter))).toEqual([
      'Stage name should not use the same name as reserved stage "scratch"@2',
      'Duplicate stage name "x", stage names should be unique@3',
    ]);
  });

  it("follow the majority's case; a tie is upper case and mixed case has no vote", () => {
    const casing = (text: string) => reported((linter) => checkStages(stagesOf(text).stages, linter));
    const message = (command: string, wanted: string) =>
      `Command '${command}' should match the case of the command majority (${wanted})`;
    expect(casing("from a\nrun x\nRUN y\n")).toEqual([`${message("RUN", "lowercase")}@3`]);
    expect(casing("from a\nRUN y\nRun z\n")).toEqual([
      `${message("from", "uppercase")}@1`,
      `${message("Run", "uppercase")}@3`,
    ]);
    expect(casing("arg x\nFROM a\n")).toEqual([]);
  });

  it("find base names that defaults make invalid, and give up when defaults do not expand", () => {
    const { stages } = stagesOf("FROM a\nFROM b:$X\nFROM c\n");
    const check = (fails: string) =>
      reported((linter) =>
        checkDefaultBases(
          stages,
          (name) => {
            if (name === fails) throw new Error("no");
            return name;
          },
          (name) => !name.includes("$"),
          linter,
        ),
      );
    expect(check("")).toEqual(["Default value for ARG b:$X results in empty or invalid base image name@2"]);
    expect(check("a")).toEqual([]);
  });
});

describe("checks of the conversion", () => {
  it.each([
    ["API_KEY", true],
    ["password", true],
    ["GitHub_Token", true],
    ["AUTH", true],
    ["PUBLIC_KEY", false],
    ["PASSWORD_FILE", false],
    ["TOKEN_VERSION", false],
    ["KEYBOARD", false],
    ["TOKENS", false],
  ])("take %s for a secret: %j", (key, secret) => {
    const message = `Do not use ARG or ENV instructions for sensitive data (ENV "${key}")@7`;
    expect(reported((linter) => checkSecretKey("ENV", key, here, linter))).toEqual(secret ? [message] : []);
  });

  it("suggest for undefined variables and arguments", () => {
    expect(
      reported((linter) => checkUndefinedVars(["PAHT", "OK", "X"], new Set(["OK"]), ["PATH"], here, linter)),
    ).toEqual(["Usage of undefined variable '$PAHT' (did you mean $PATH?)@7", "Usage of undefined variable '$X'@7"]);
    expect(
      reported((linter) => checkUndefinedArgs(["VERSOIN", "ARCH"], new Set(["VERSION", "ARCH"]), here, linter)),
    ).toEqual(["FROM argument 'VERSOIN' is not declared (did you mean VERSION?)@7"]);
  });

  it("judge a FROM's platform by how it was written", () => {
    const env = environmentOf(["TARGETPLATFORM=linux/amd64", "P=linux/amd64"]);
    const judge = (platform: string, stage = "") => {
      const expanded = expandWord(platform, env);
      return reported((linter) => {
        checkTargetPlatform(platform, expanded, env.get("TARGETPLATFORM"), here, linter);
        const [os = "", architecture = ""] = expanded.result.split("/");
        checkConstPlatform(stage, expanded, { os, architecture }, here, linter);
      });
    };
    expect(judge("$TARGETPLATFORM")[0]).toMatch(
      /^Setting platform to predefined \$TARGETPLATFORM in FROM is redundant/,
    );
    expect(judge("$P")).toEqual([]);
    expect(judge("linux/arm64")).toEqual(['FROM --platform flag should not use constant value "linux/arm64"@7']);
    expect(judge("linux/arm64", "tools-arm64")).toEqual([]);
  });

  it("report the earlier one of two instructions of which one counts", () => {
    const { stages } = stagesOf("FROM a\nCMD x\ncmd y\nENTRYPOINT z\n");
    const once = new UsedOnce();
    const found = reported((linter) => {
      for (const instruction of stages[0]?.instructions ?? []) once.note(instruction, linter);
    });
    expect(found).toEqual([
      "Multiple cmd instructions should not be used in the same stage because only the last one will be used@2",
    ]);
  });
});
