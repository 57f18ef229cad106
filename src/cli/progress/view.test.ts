import { expect, test, vi } from "vitest";
import type { SolveStatus } from "../../client/index.ts";
import { colorsFrom } from "./colors.ts";
import { openView } from "./view.ts";

const start = new Date(0);
const running: SolveStatus = { vertexes: [{ digest: "sha256:a", name: "ä step", started: start }] };
const done: SolveStatus = { vertexes: [{ digest: "sha256:a", name: "ä step", started: start, completed: start }] };

/** What a view of that mode prints of a step that runs and ends. */
function shown(mode: string, options: { terminal?: boolean; env?: NodeJS.ProcessEnv } = {}): string {
  let text = "";
  const write = (bytes: string) => {
    text += Buffer.from(bytes, "latin1").toString("utf8");
  };
  const size = options.terminal === true ? () => ({ width: 80, height: 24 }) : undefined;
  const view = openView(mode, { write, size }, options.env ?? {}, () => {});
  view.update(running);
  view.update(done);
  view.close();
  return text;
}

test("the modes print what their names say", () => {
  expect(shown("plain")).toBe("#1 ä step\n#1 DONE 0.0s\n");
  expect(shown("rawjson")).toBe(
    '{"vertexes":[{"digest":"sha256:a","name":"ä step","started":"1970-01-01T00:00:00Z"}]}\n' +
      '{"vertexes":[{"digest":"sha256:a","name":"ä step","started":"1970-01-01T00:00:00Z","completed":"1970-01-01T00:00:00Z"}]}\n',
  );
  expect(shown("quiet")).toBe("");
  expect(shown("tty", { terminal: true })).toContain(" => ä step ");
});

test("auto is a picture on a terminal and lines elsewhere; BUILDKIT_PROGRESS decides otherwise", () => {
  expect(shown("auto")).toBe(shown("plain"));
  expect(shown("auto", { terminal: true })).toContain("[+] Building ");
  expect(shown("auto", { terminal: true, env: { BUILDKIT_PROGRESS: "plain" } })).toBe(shown("plain"));
  expect(shown("quiet", { env: { BUILDKIT_PROGRESS: "plain" } })).toBe("");
});

test("tty without a terminal, and an unknown mode, are errors", () => {
  expect(() => shown("tty")).toThrow("failed to get console: provided file is not a console");
  expect(() => shown("fancy")).toThrow("invalid progress mode fancy");
});

test("a quiet view shows the last news, and its timers, after a while", () => {
  vi.useFakeTimers({ now: 0 });
  try {
    let text = "";
    const write = (bytes: string) => {
      text += bytes;
    };
    const view = openView("plain", { write, size: undefined }, {}, () => {});
    view.update(running);
    view.update({ logs: [{ vertex: "sha256:a", stream: 1, data: Buffer.from("late\n"), timestamp: start }] });
    expect(text).not.toContain("late");
    vi.advanceTimersByTime(200);
    expect(text).toContain("#1 0.000 late\n");
    view.close();
  } finally {
    vi.useRealTimers();
  }
});

test("NO_COLOR switches colours off, BUILDKIT_COLORS changes them, mistakes in it are told", () => {
  const warnings: string[] = [];
  const colors = (env: NodeJS.ProcessEnv) => colorsFrom(env, (sentence) => warnings.push(sentence));
  expect(colors({ NO_COLOR: "1" })).toEqual({});
  expect(colors({}).error).toBe("\u001b[31m");
  const changed = colors({ BUILDKIT_COLORS: "run=light-green:ERROR=255,0,0:cancel=default" });
  expect([changed.run, changed.error, changed.cancel]).toEqual(["\u001b[92m", "\u001b[38;5;196m", "\u001b[39m"]);
  expect(warnings).toEqual([]);
  colors({ BUILDKIT_COLORS: "run:walk=blue:error=purpel" });
  expect(warnings).toEqual([
    "Could not parse BUILDKIT_COLORS component: run",
    "Unknown key found in BUILDKIT_COLORS (expected: run, cancel, error, or warning): walk",
    "Unknown color value found in BUILDKIT_COLORS: error=purpel",
  ]);
});
