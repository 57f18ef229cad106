import { describe, expect, it } from "vitest";
import { createLinter, parseLintConfig } from "../lint/index.ts";
import type { ExposeInstruction, Stage } from "../parse/index.ts";
import type { Conversion } from "./context.ts";
import { dispatchExpose } from "./dispatch-expose.ts";
import { StageState } from "./stage.ts";

function expose(...ports: readonly string[]) {
  const warnings: string[] = [];
  const linter = createLinter(parseLintConfig(""), ({ rule }) => warnings.push(rule));
  // The instruction needs no more of either.
  const stage = new StageState({ stageName: "" } as Stage, "scratch");
  const conversion = { linter, escapeToken: "\\", epoch: undefined } as unknown as Conversion;
  const instruction: ExposeInstruction = {
    kind: "expose",
    name: "EXPOSE",
    code: "",
    location: [],
    comments: [],
    ports,
  };
  dispatchExpose(stage, instruction, conversion);
  return { ports: [...(stage.added.ports ?? [])], history: stage.added.history.at(-1)?.createdBy, warnings };
}

describe("EXPOSE", () => {
  it.each([
    ["80", ["80/tcp"]],
    ["80/UDP", ["80/udp"]],
    ["80-82/sctp", ["80/sctp", "81/sctp", "82/sctp"]],
    ["8080:80", ["80/tcp"]],
    ["1000-1002:80-82", ["80/tcp", "81/tcp", "82/tcp"]],
    ["1000-1002:80", ["80/tcp"]],
    ["0.0.0.0:1234:3333/tcp", ["3333/tcp"]],
    ["[2001:4860:0:2001::68]::333", ["333/tcp"]],
    ["2001:4860:0:2001::68::333", ["333/tcp"]],
    ["::1:80:80", ["80/tcp"]],
    ["::::80", ["80/tcp"]],
  ])("%s", (port, wanted) => {
    expect(expose(port).ports).toEqual(wanted);
  });

  it.each([
    ["/tcp", 'invalid port: "/tcp": no port specified'],
    ["0.0.0.0:1234-1235:/tcp", 'invalid port: "0.0.0.0:1234-1235:/tcp": no port specified'],
    ["80/icmp", 'invalid port: "80/icmp": invalid proto: icmp'],
    ["65536", "invalid containerPort: 65536"],
    ["5-3", "invalid containerPort: 5-3"],
    ["x:80", "invalid hostPort: x"],
    ["1-3:80-81", "invalid ranges specified for container and host Ports: 80-81 and 1-3"],
    ["localhost:1234:1234", "invalid IP address: localhost"],
  ])("refuses %s", (port, message) => {
    expect(() => expose(port)).toThrow(message);
  });

  it("keeps the order in history and each port once in the config", () => {
    expect(expose("80", "79-80")).toMatchObject({
      ports: ["80/tcp", "79/tcp"],
      history: "EXPOSE [80/tcp 79/tcp 80/tcp]",
    });
  });

  it("warns of what means nothing in an image", () => {
    expect(expose("8080:80/TCP").warnings).toEqual(["ExposeProtoCasing", "ExposeInvalidFormat"]);
  });

  it("does not fill the memory", () => {
    expect(() => expose(...Array.from({ length: 20 }, () => "0-65535"))).toThrow("more than 1000000 ports");
  });
});
