import { expect, test } from "vitest";
import { Screen } from "./screen.ts";
import { Trace } from "./trace.ts";
import { TtyPrinter } from "./tty.ts";

const start = new Date(Date.UTC(2026, 0, 1));
const at = (seconds: number) => new Date(start.getTime() + seconds * 1000);

/** A build whose frames are drawn on a screen, as a terminal would show them. */
function terminal(width = 60, height = 20) {
  const screen = new Screen(100, width);
  const trace = new Trace({ lines: 6, width: () => width - 10 });
  const printer = new TtyPrinter(trace, (text) => screen.write(Buffer.from(text, "latin1")), {});
  return {
    step(name: string, from: number, to?: number) {
      const completed = to === undefined ? {} : { completed: at(to) };
      trace.update(
        { vertexes: [{ digest: `sha256:${name}`, name, started: at(from), ...completed }] },
        at(from).getTime(),
      );
    },
    log(name: string, text: string) {
      const log = { vertex: `sha256:${name}`, stream: 1, data: Buffer.from(text), timestamp: at(0) } as const;
      trace.update({ logs: [log] }, at(0).getTime());
    },
    draw(seconds: number, last = false) {
      printer.print(at(seconds).getTime(), { width, height }, last);
      return screen.lines;
    },
  };
}

test("a frame replaces the one before it", () => {
  const view = terminal();
  view.step("a", 0);
  view.log("a", "hello\nworld\n");
  expect(view.draw(1)).toEqual([
    "[+] Building 1.0s (0/1)",
    ` => a${" ".repeat(49)} 1.0s`,
    " => => # hello",
    " => => # world",
  ]);
  view.step("a", 0, 2);
  view.step("b", 2);
  expect(view.draw(2.5)).toEqual([
    "[+] Building 2.5s (1/2)",
    ` => a${" ".repeat(49)} 2.0s`,
    ` => b${" ".repeat(49)} 0.5s`,
  ]);
  view.step("b", 2, 3);
  expect(view.draw(3, true)[0]).toBe("[+] Building 3.0s (2/2) FINISHED");
});

test("wide characters and tabs leave nothing of the frame before", () => {
  const view = terminal();
  view.step("日本語\tRUN", 0);
  view.log("日本語\tRUN", `${"語".repeat(40)}\n`);
  expect(view.draw(1)).toEqual([
    "[+] Building 1.0s (0/1)",
    ` => 日本語 RUN${" ".repeat(40)} 1.0s`,
    ` => => # ${"語".repeat(25)}`,
    ` => => # ${"語".repeat(15)}`,
  ]);
  expect(view.draw(2).length).toBe(4);
});

test("a frame fits the terminal, and running steps are what stays", () => {
  const view = terminal(60, 8);
  for (let index = 0; index < 10; index++) view.step(`step ${index}`, index, index === 2 ? undefined : index + 0.5);
  const lines = view.draw(20);
  expect(lines.length).toBeLessThanOrEqual(7);
  expect(lines.some((line) => line.includes("step 2"))).toBe(true);
  expect(view.draw(20, true).length).toBe(11);
});

test("a narrow terminal shows no job lines rather than broken ones", () => {
  const view = terminal(20, 8);
  view.step("a step with a long name", 0);
  expect(view.draw(1)).toEqual(["[+] Building 1.0s (0"]);
});
