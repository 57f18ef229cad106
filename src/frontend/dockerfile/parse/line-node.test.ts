import { describe, expect, it } from "vitest";
import { parseLine } from "./line-node.ts";

const cut = (line: string, escapeToken = "\\") => {
  const { command, flags, args, json } = parseLine(line, escapeToken);
  return { command, flags, args, json };
};
const args = (line: string) => cut(line).args;

describe("parseLine() reads flags", () => {
  it("before the arguments, quotes and escapes resolved", () => {
    const { flags, args } = cut('RUN --a="x y" --b=\\"z --c=1\\ 2 --d cmd --e');
    expect(flags).toEqual(["--a=x y", '--b="z', "--c=1 2", "--d"]);
    expect(args).toEqual(["cmd --e"]);
  });

  it("up to a lone --", () => {
    expect(cut("RUN --a -- --b c")).toMatchObject({ flags: ["--a"], args: ["--b c"] });
    expect(cut("RUN --")).toMatchObject({ flags: [], args: [] });
  });

  it("byte by byte, as upstream does", () => {
    expect(cut("COPY --chown=é b c")).toMatchObject({ flags: ["--chown=Ã©"], args: ["b", "c"] });
  });
});

describe("parseLine() cuts arguments", () => {
  it.each([
    ["COPY a  b\tc", ["a", "b", "c"]],
    ['COPY ["a b", "c"]', ["a b", "c"]],
    ["COPY ['a', 'b']", ["['a',", "'b']"]],
    ["RUN  a  b ", ["a  b"]],
    ["RUN [a]", ["[a]"]],
    ["RUN []", []],
    ["WORKDIR a b", ["a b"]],
    ["EXPOSE 80 \t 81", ["80", "81"]],
    ["ARG a b=1 \"c d\"='e f'", ["a", "b=1", "\"c d\"='e f'"]],
    ["ARG a\\ b c\\", ["a\\ b", "c"]],
    ["ENV a=1 b='x y' c=\"z=\"", ["a", "1", "=", "b", "'x y'", "=", "c", '"z="', "="]],
    ["ENV a  b = c", ["a", "b = c", ""]],
    ["LABEL a=", ["a", "", "="]],
    ["ENV", []],
    ["HEALTHCHECK CMD a  b", ["CMD", "a  b"]],
    ['HEALTHCHECK CMD ["a"]', ["CMD", "a"]],
    ["HEALTHCHECK NONE", ["NONE"]],
    ["ONBUILD COPY a b", ["COPY", "a", "b"]],
    ["NOSUCH a b", []],
    ['CMD ["\\ud800"]', ["\uFFFD"]],
  ])("%s", (line, expected) => expect(args(line)).toEqual(expected));

  it("takes only an array of strings for JSON form", () => {
    expect(cut('CMD ["a"] ').json).toBe(true);
    expect(cut('CMD ["a"] b').json).toBe(false);
    expect(() => cut("CMD [[]]")).toThrow("arrays must be comprised of strings only");
    expect(cut(`CMD ${"[".repeat(60_000)}`).json).toBe(false);
  });

  it("looks into ONBUILD, but not for ever", () => {
    expect(parseLine("ONBUILD run x", "\\").child).toMatchObject({ command: "run", args: ["x"] });
    expect(parseLine("ONBUILD ".repeat(20_000), "\\").args[0]).toBe("ONBUILD");
  });
});
