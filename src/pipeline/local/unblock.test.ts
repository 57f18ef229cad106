import { expect, test } from "vitest";
import type { BlockStep } from "../contract.ts";
import { loadPipeline } from "../load.ts";
import { Gatekeeper, type Person } from "./unblock.ts";

const text = `
steps:
  - block: Release
    prompt: To whom?
    fields:
      - text: Name
        key: name
        format: "[a-z]+"
      - select: Ring
        key: ring
        default: beta
        options: [{label: Beta, value: beta}, {label: All, value: all}]
      - select: Regions
        key: regions
        multiple: true
        required: false
        options: [{label: EU, value: eu}, {label: US, value: us}]
`;
const step = loadPipeline(text, "p.yml", {}).documents[0]?.pipeline.steps[0] as BlockStep;

const decide = (person: Partial<Person>) =>
  new Gatekeeper({ unblock: false, fields: new Map(), ...person }).decide(step, "Release", AbortSignal.timeout(10_000));

/** Somebody who gives these answers, in order. */
function somebody(...answers: string[]) {
  const questions: string[] = [];
  const ask = async (question: string) => {
    questions.push(question);
    return answers.shift();
  };
  return { questions, ask };
}

test("without anybody to ask the pipeline stays there", async () => {
  expect(await decide({})).toEqual({ kind: "stay", reason: "run again with --unblock to go on" });
});

test("--unblock goes on with what was given and with defaults, and says which value is missing", async () => {
  const given = await decide({ unblock: true, fields: new Map([["name", "ann"]]) });
  expect(given).toEqual({
    kind: "go on",
    values: new Map([
      ["name", "ann"],
      ["ring", "beta"],
      ["regions", ""],
    ]),
  });
  expect(await decide({ unblock: true })).toEqual({
    kind: "stay",
    reason: '"name" has no value: give it with --field name=VALUE',
  });
  expect(await decide({ unblock: true, fields: new Map([["name", "Ann"]]) })).toEqual({
    kind: "stay",
    reason: '"name" must look like [a-z]+: give it with --field name=VALUE',
  });
});

test("somebody is asked whether to go on, then for each field, again when the answer does not fit", async () => {
  const { questions, ask } = somebody("y", "7", "ann", "", "eu, us");
  expect(await decide({ ask })).toEqual({
    kind: "go on",
    values: new Map([
      ["name", "ann"],
      ["ring", "beta"],
      ["regions", "eu\nus"],
    ]),
  });
  expect(questions).toEqual([
    "Release: To whom?\nGo on? [y/N] ",
    "Name: ",
    "Name: ",
    "Ring (beta, all) [beta]: ",
    "Regions (eu, us), with a comma between: ",
  ]);
});

test("no is an answer, and so is none", async () => {
  for (const answers of [["n"], [""], []]) {
    expect((await decide({ ask: somebody(...answers).ask })).kind).toBe("stay");
  }
});
