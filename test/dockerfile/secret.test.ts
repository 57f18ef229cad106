import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { describeScenarios, type Stage, useStage } from "../support/scenario.ts";

const given = ({ lab }: Stage) => {
  const file = join(lab.folder, "secret");
  writeFileSync(file, "pw");
  return ["--secret", `id=mysecret,src=${file}`];
};

describeScenarios("RUN --mount=type=secret", {
  "has the mode and owner that were asked for, and leaves nothing behind": (stage) => ({
    dockerfile: `
FROM busybox
RUN --mount=type=secret,required=false,mode=741,uid=100,gid=102,target=/mysecret [ "$(stat -c "%u %g %f" /mysecret)" = "100 102 81e1" ]
RUN [ ! -e /mysecret ]
RUN --mount=type=secret,id=mysecret stat -c "%u %g %a" /run/secrets/mysecret > /default
RUN --mount=type=secret,id=mysecret,target=rel cat rel > /rel-seen
RUN --mount=type=secret,source=mysecret,target=/deep/er/file cat /deep/er/file > /deep-seen
RUN --mount=type=secret,id=mysecret ! echo x > /run/secrets/mysecret
RUN [ ! -e /run/secrets ] && [ ! -e /deep ] && [ ! -e /rel ]
`,
    args: given(stage),
    holds: {
      default: "0 0 400\n",
      "rel-seen": "pw",
      "deep-seen": "pw",
      mysecret: null,
      deep: null,
      "run/secrets": null,
    },
  }),

  "may be a variable, with or without a file, and is shown as stars": (stage) => ({
    dockerfile: `
FROM busybox
ENV SECRET_ENV=foo
RUN --mount=type=secret,id=mysecret,env=SECRET_ENV [ "$SECRET_ENV" = "pw" ] && [ ! -f /run/secrets/mysecret ] || false
RUN --mount=type=secret,id=mysecret,target=/run/secrets/secret,env=OTHER [ "$OTHER" = pw ] && [ "$(cat /run/secrets/secret)" = pw ]
RUN [ "$SECRET_ENV" = foo ] && [ -z "$OTHER" ] && touch /ok
`,
    args: given(stage),
    holds: { ok: "" },
    log: ['[ "****" = "pw" ] && '],
  }),

  "that nobody gave is left out when it is not required": {
    dockerfile: `
FROM busybox
RUN --mount=type=secret,id=none [ ! -e /run/secrets/none ]
RUN --mount=type=secret,id=none,env=NONE [ -z "$NONE" ] && touch /ok
`,
    holds: { ok: "" },
  },

  "that nobody gave fails when it is required": {
    dockerfile: "FROM busybox\nRUN --mount=type=secret,required,id=mysecret foo\n",
    fails: ["secret mysecret: not found", /Dockerfile:2[:\n]/],
  },

  "as a variable that nobody gave fails when it is required": {
    dockerfile: "FROM busybox\nRUN --mount=type=secret,required=true,id=mysecret,env=S foo\n",
    fails: ["secret mysecret: not found", /Dockerfile:2[:\n]/],
  },

  "needs a name": {
    dockerfile: "FROM busybox\nRUN --mount=type=secret true\n",
    fails: ["invalid secret mount. one of source, target required"],
  },
});

describe("a secret", () => {
  const stage = useStage();
  const value = "s3kr1t-9d17c4a2";

  test("comes from a file or from the environment, and is in nothing that the build leaves", async () => {
    const { lab } = stage();
    lab.clear().write({
      Dockerfile: `
FROM busybox AS build
RUN --mount=type=secret,id=file md5sum < /run/secrets/file > /sum
RUN --mount=type=secret,id=env,env=TOKEN echo \${#TOKEN} > /length
RUN --mount=type=secret,id=bare,env=bare echo \${#bare} > /bare
RUN --mount=type=secret,id=file --mount=type=cache,target=/c cut -c1-3 < /run/secrets/file > /c/part && cp /c/part /
FROM scratch
COPY --from=build /sum /length /bare /part /
`,
    });
    writeFileSync(join(lab.folder, "value"), value);
    process.env.COOPER_TEST_SECRET = value;
    process.env.bare = value;
    const meta = join(lab.folder, "meta.json");
    const secrets = ["--secret", `id=file,src=${lab.folder}/value`, "--secret", "id=env,env=COOPER_TEST_SECRET"];
    const args = [...secrets, "--secret", "id=bare", "--metadata-file", meta, "--progress=rawjson"];
    try {
      const { out, log } = await lab.build(args);
      expect(lab.read(join(out, "length"))).toBe(`${value.length}\n`);
      expect(lab.read(join(out, "bare"))).toBe(`${value.length}\n`);
      const { config } = await lab.image(args);
      expect(`${log}${JSON.stringify(config)}`).not.toContain(value);
    } finally {
      delete process.env.COOPER_TEST_SECRET;
      delete process.env.bare;
    }
    // The file that it came from is the only one in the lab that has it.
    expect(holding(value, lab.folder)).toEqual([join(lab.folder, "value")]);
  });

  test("is in nothing that a failed step leaves", async () => {
    const { lab } = stage();
    lab.clear().write({
      Dockerfile: `FROM busybox\nRUN --mount=type=secret,id=file --mount=type=secret,id=file,env=S test -z "$S"\n`,
    });
    writeFileSync(join(lab.folder, "value"), value);
    const { code, log } = await lab.run(["--secret", `id=file,src=${lab.folder}/value`]);
    expect(code).toBe(1);
    expect(log).not.toContain(value);
    expect(holding(value, lab.folder)).toEqual([join(lab.folder, "value")]);
  });

  test("counts for the cache by its name, not by its value", async () => {
    const { lab } = stage();
    lab.clear().write({
      Dockerfile: `FROM busybox AS build\nRUN --mount=type=secret,id=s,env=S echo \${#S} > /n\nFROM scratch\nCOPY --from=build /n /\n`,
    });
    const length = async (text: string) => {
      writeFileSync(join(lab.folder, "value"), text);
      const { out } = await lab.build(["--secret", `id=s,src=${lab.folder}/value`]);
      return lab.read(join(out, "n"));
    };
    expect([await length("one"), await length("other")]).toEqual(["3\n", "3\n"]);
  });
});

function holding(text: string, folder: string): string[] {
  const found = execFileSync("sh", ["-c", `grep -rlaF -e "$1" "$2" || true`, "sh", text, folder], { encoding: "utf8" });
  return found.split("\n").filter((line) => line !== "");
}
