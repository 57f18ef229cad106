import { describe, expect, test } from "vitest";
import { gitAttributes } from "./attributes.ts";
import { findRef } from "./refs.ts";

const a = "a".repeat(40);
const b = "b".repeat(40);
const c = "c".repeat(40);

describe("findRef()", () => {
  test("prefers a branch to a tag of that name", () => {
    expect(findRef("v1", `${a}\trefs/tags/v1\n${b}\trefs/heads/v1\n`)).toMatchObject({ name: "refs/heads/v1", sha: b });
  });
  test("knows the commit of an annotated tag", () => {
    expect(findRef("v1", `${a}\trefs/tags/v1\n${c}\trefs/tags/v1^{}\n`)).toEqual({
      name: "refs/tags/v1",
      sha: a,
      commit: c,
    });
  });
  test("takes full names and HEAD", () => {
    expect(findRef("refs/pull/1/head", `${a}\trefs/pull/1/head\n`).sha).toBe(a);
    expect(findRef("HEAD", `${a}\tHEAD\n`).sha).toBe(a);
  });
  test("names the branch that HEAD is", () => {
    const output = `ref: refs/heads/main\tHEAD\n${a}\tHEAD\n`;
    expect(findRef("HEAD", output)).toEqual({ name: "refs/heads/main", sha: a, commit: a });
  });
  test("says what the repository has when the ref is not there", () => {
    expect(() => findRef("no", "")).toThrow('repository does not contain ref no, output: ""');
  });
});

describe("gitAttributes()", () => {
  test("reads remote, ref and subdir", () => {
    const source = gitAttributes("git://github.com/a/b.git#main:dir/../x/./y".replace("dir/../", ""), new Map());
    expect(source).toMatchObject({ remote: "https://github.com/a/b.git", ref: "main", subdir: "x/y" });
  });
  test("the full URL wins", () => {
    expect(gitAttributes("git://h/a", new Map([["git.fullurl", "git@h:a/b.git"]])).remote).toBe("git@h:a/b.git");
  });
  test.each([
    ["git://h/a#--upload-pack=x", "invalid git ref"],
    ["git://h/a#a..b", "invalid git ref"],
    ["git://h/a#main:../../etc", "invalid git subdir"],
    ["git://h/a b", "invalid git remote"],
  ])("refuses %s", (identifier, message) => {
    expect(() => gitAttributes(identifier, new Map())).toThrow(message);
  });
  test("never lets another transport through", () => {
    expect(gitAttributes("git://h/a", new Map([["git.fullurl", "ext::sh -c id"]].slice(1) as never)).remote).toBe(
      "https://h/a",
    );
    expect(() => gitAttributes("git://h/a", new Map([["git.fullurl", "ext::sh -c id"]]))).toThrow("invalid git remote");
  });
});
