import { execFileSync, spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { describeScenarios, type Stage, useStage } from "../support/scenario.ts";

const withKey = ({ lab }: Stage) => {
  const key = join(lab.folder, "key");
  if (!existsSync(key)) execFileSync("ssh-keygen", ["-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", key]);
  return ["--ssh", `default=${key}`];
};

describeScenarios("RUN --mount=type=ssh", {
  "is a socket with the mode and owner that were asked for, and leaves nothing behind": (stage) => ({
    dockerfile: `
FROM busybox
RUN --mount=type=ssh,mode=741,uid=100,gid=102 [ "$(stat -c "%u %g %f" $SSH_AUTH_SOCK)" = "100 102 c1e1" ]
RUN --mount=type=ssh stat -c "%u %g %a" $SSH_AUTH_SOCK > /default && echo $SSH_AUTH_SOCK > /where
RUN --mount=type=ssh,target=/my/sock [ -S /my/sock ] && [ $SSH_AUTH_SOCK = /my/sock ]
RUN [ -z "$SSH_AUTH_SOCK" ] && [ ! -e /my ] && [ ! -e /run/buildkit ]
`,
    args: withKey(stage),
    holds: { default: "0 0 600\n", where: "/run/buildkit/ssh_agent.0\n", run: null },
  }),

  "that nobody gave is left out when it is not required": {
    dockerfile: `FROM busybox\nRUN --mount=type=ssh,id=none [ ! -e "$SSH_AUTH_SOCK" ] && touch /ok\n`,
    holds: { ok: "" },
  },

  "that nobody gave fails when it is required": (stage) => ({
    dockerfile: "FROM busybox\nRUN --mount=type=ssh,id=other,required true\n",
    args: withKey(stage),
    fails: [/unset ssh forward key other|no SSH key "other" forwarded from the client/, /Dockerfile:2[:\n]/],
  }),

  "has no source": {
    dockerfile: "FROM busybox\nRUN --mount=type=ssh,source=/x true\n",
    fails: ["ssh does not support source"],
  },
});

describe("a forwarded agent", () => {
  const stage = useStage();

  test.each(["of keys in a file", "that runs already", "that runs already, as a raw socket"])(
    "%s answers again and again with the caller's keys",
    async (which) => {
      const { lab } = stage();
      const keyFile = withKey(stage());
      await using agent = await startAgent(join(lab.folder, "key"));
      const how: Record<string, string[]> = {
        "of keys in a file": keyFile,
        "that runs already": ["--ssh", `default=${agent.socket}`],
        "that runs already, as a raw socket": ["--ssh", `default=${agent.socket},raw=true`],
      };
      lab.clear().write({
        Dockerfile: `
FROM busybox AS build
COPY . /
RUN --mount=type=ssh for i in 1 2 3; do ssh-add -l >> /keys; done; true # ${which}
FROM scratch
COPY --from=build /keys /
`,
      });
      copyProgram("/usr/bin/ssh-add", lab.context);
      const { out } = await lab.build(how[which]);
      const print = execFileSync("ssh-keygen", ["-lf", join(lab.folder, "key")], { encoding: "utf8" }).split(" ")[1];
      const keys = lab.read(join(out, "keys")).trim().split("\n");
      expect(keys.map((line) => line.split(" ")[1])).toEqual([print, print, print]);
    },
  );
});

async function startAgent(key: string): Promise<AsyncDisposable & { readonly socket: string }> {
  const folder = mkdtempSync(join(tmpdir(), "cooper-agent-"));
  const socket = join(folder, "agent");
  const child = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
  // It answers a moment after its socket is there.
  const add = () => spawnSync("ssh-add", ["-q", key], { env: { ...process.env, SSH_AUTH_SOCK: socket } }).status === 0;
  for (let tries = 0; !(existsSync(socket) && add()); tries++) {
    if (tries === 600) throw new Error("the agent does not answer");
    await setTimeout(50);
  }
  return {
    socket,
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The machine's program and the libraries that it needs, below `folder`. */
function copyProgram(program: string, folder: string): void {
  const needed = execFileSync("ldd", [program], { encoding: "utf8" }).matchAll(/(\/\S+) \(0x/g);
  for (const path of [program, ...Array.from(needed, ([, library = ""]) => library)]) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    copyFileSync(path, join(folder, path));
  }
}
