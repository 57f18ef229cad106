import { describe, expect, it } from "vitest";
import { errorOf, fileOf } from "./testing.ts";

const commands = (text: string) => fileOf(text).nodes.map((node) => [node.command, ...node.args]);
const places = (text: string) => fileOf(text).nodes.map((node) => [node.startLine, node.endLine]);

describe("parseDockerfile() joins lines", () => {
  it("at escape tokens, blanks after them or not, and counts them", () => {
    const text = "FROM a\nRUN one \\  \n  two \\\n\tthree\nRUN four\n";
    expect(commands(text)).toEqual([
      ["FROM", "a"],
      ["RUN", "one   two \tthree"],
      ["RUN", "four"],
    ]);
    expect(places(text)).toEqual([
      [1, 1],
      [2, 4],
      [5, 5],
    ]);
  });

  it("but not at a doubled escape token", () => {
    expect(commands("FROM a\nRUN a\\\\\nRUN b")).toEqual([
      ["FROM", "a"],
      ["RUN", "a\\\\"],
      ["RUN", "b"],
    ]);
  });

  it("across comments and empty lines, which are noted", () => {
    const file = fileOf("FROM a\nRUN one \\\n# no\n\n  two \\\n   # no\n  three");
    expect(file.nodes[1]?.args).toEqual(["one   two   three"]);
    expect(file.emptyContinuations.map((range) => range.start.line)).toEqual([7]);
  });

  it("with the token of the escape directive", () => {
    const file = fileOf("# escape=`\nFROM a\nRUN dir C:\\ `\n  /s");
    expect(file.escapeToken).toBe("`");
    expect(file.nodes[1]?.args).toEqual(["dir C:\\   /s"]);
  });

  it("at the end of the file too", () => {
    expect(commands("FROM a\nRUN x \\")).toEqual([
      ["FROM", "a"],
      ["RUN", "x"],
    ]);
  });
});

describe("parseDockerfile() reads bytes of every make", () => {
  it("drops a byte order mark and carriage returns", () => {
    expect(commands("\uFEFFFROM a\r\nRUN x \\\r\n  y\r\n")).toEqual([
      ["FROM", "a"],
      ["RUN", "x   y"],
    ]);
  });

  it("keeps carriage returns in heredoc bodies", () => {
    expect(fileOf("FROM a\r\nCOPY <<E /x\r\nb\r\nE\r\n").nodes[1]?.heredocs[0]?.content).toBe("b\r\n");
  });

  it("takes lines of 65535 bytes, and no longer ones", () => {
    const line = `RUN ${"x".repeat(65531)}`;
    expect(commands(`FROM a\n${line}\n`)[1]?.[1]).toHaveLength(65531);
    expect(errorOf(`FROM a\n${line}y\n`)).toEqual({
      message: "dockerfile line greater than max allowed size of 65535",
      lines: [1],
    });
  });
});

describe("parseDockerfile() collects comments above an instruction", () => {
  it("until a bare # starts over", () => {
    const comments = fileOf("# a\n#\n# b\n#c\nFROM a\nRUN x\n").nodes.map((node) => node.comments);
    expect(comments).toEqual([["b", "c"], []]);
  });

  it("but not directives", () => {
    expect(fileOf("# syntax=x\n# check=skip=all\n# b\nFROM a\n").nodes[0]?.comments).toEqual(["b"]);
  });
});

describe("parseDockerfile() reads heredocs", () => {
  const heredocs = (text: string) => fileOf(`FROM a\n${text}`).nodes[1]?.heredocs;

  it("several in order, quoted and with tabs", () => {
    expect(heredocs('RUN <<A 3<<-"B" cat\n1\nA\n\t2\n\tB\n')).toEqual([
      { name: "A", expand: true, chomp: false, fileDescriptor: 0, content: "1\n" },
      { name: "B", expand: false, chomp: true, fileDescriptor: 3, content: "\t2\n" },
    ]);
  });

  it("behind ONBUILD, but not in JSON form, in quotes or for CMD", () => {
    expect(heredocs("ONBUILD COPY <<A /x\nb\nA\n")).toHaveLength(1);
    for (const line of ['RUN ["<<A"]', "RUN echo '<<A'", 'RUN echo "<<A"', "CMD <<A", "RUN a <<<A"]) {
      expect(heredocs(`${line}\n`)).toEqual([]);
    }
  });

  it("with lines that look like instructions or comments", () => {
    expect(heredocs("RUN <<A\nFROM b\n# c\n\\\nA\n")?.[0]?.content).toBe("FROM b\n# c\n\\\n");
  });

  it("and misses the end of one that has none", () => {
    expect(errorOf("FROM a\nRUN <<A\nb\n")).toEqual({ message: "unterminated heredoc", lines: [2, 3] });
  });
});

describe("parseDockerfile() refuses", () => {
  it.each([
    ["", "file with no instructions", [0]],
    ["# only\n\n", "file with no instructions", [2]],
    ["# escape=x\nFROM a", "invalid escape token 'x' does not match ` or \\", [0]],
    ["# escape=`\n# Escape=`\nFROM a", "only one escape parser directive can be used", [1]],
    ["FROM a\nENV X", "ENV must have two arguments", [2]],
    ["FROM a\nENV X=1 Y", 'Syntax error - can\'t find = in "Y". Must be of the form: name=value', [2]],
    ["FROM a\nONBUILD LABEL\\\n X", "LABEL must have two arguments", [2, 3]],
    ['FROM a\nCMD ["a", 1]', "when using JSON array syntax, arrays must be comprised of strings only", [2]],
  ])("%j: %s", (text, message, lines) => expect(errorOf(text)).toEqual({ message, lines }));

  it("the first of several lines, and names the others", () => {
    expect(errorOf("FROM a\nENV X\nRUN y\nCMD [1]\nLABEL Z\nRUN <<E\n")).toEqual({
      message: "ENV must have two arguments",
      lines: [2],
    });
    expect(errorOf("FROM a\nENV X\nRUN y\nLABEL Z\n").hint).toBe(
      "there is more to correct: line 4: LABEL must have two arguments",
    );
  });
});
