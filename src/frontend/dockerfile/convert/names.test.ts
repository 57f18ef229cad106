import { describe, expect, it } from "vitest";
import type { Stage } from "../parse/index.ts";
import { environmentOf } from "../shell/index.ts";
import { noEnvironment, stepName, summarizeHeredoc } from "./names.ts";
import { StageState } from "./stage.ts";

const amd64 = { os: "linux", architecture: "amd64" };

function stage(name: string, total: number): StageState {
  // Only the name matters here.
  const state = new StageState({ stageName: name } as Stage, "busybox");
  state.stepTotal = total;
  return state;
}

describe("stepName()", () => {
  it("counts the steps of a stage, numbers aligned", () => {
    const build = stage("build", 12);
    expect(stepName(build, "FROM a", undefined, noEnvironment)).toBe("[build  1/12] FROM a");
    build.stepIndex = 9;
    expect(stepName(build, "RUN b", undefined, noEnvironment)).toBe("[build 10/12] RUN b");
  });

  it("names the platform, and the one built for when that is another", () => {
    expect(stepName(stage("", 1), "RUN x", amd64, noEnvironment)).toBe("[linux/amd64 1/1] RUN x");
    const arm = environmentOf(["TARGETPLATFORM=linux/arm/v7"]);
    expect(stepName(stage("b", 1), "RUN x", amd64, arm)).toBe("[linux/amd64->arm/v7 b 1/1] RUN x");
    const windows = environmentOf(["TARGETOS=windows"]);
    expect(stepName(stage("b", 1), "RUN x", amd64, windows)).toBe("[linux/amd64->windows/amd64 b 1/1] RUN x");
  });

  it("marks triggers", () => {
    const child = stage("c", 2);
    child.inTrigger = true;
    expect(stepName(child, "RUN x", undefined, noEnvironment)).toBe("[c 1/2] ONBUILD RUN x");
  });
});

describe("summarizeHeredoc()", () => {
  it("shows the first line", () => {
    expect(summarizeHeredoc("\n  a\r\nb\n")).toBe("a...");
    expect(summarizeHeredoc("one\n")).toBe("one");
  });
});
