/** Files whose names are no UTF-8, from everywhere that files come from to everywhere that they go. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { linkSync, mkdirSync as mkdirRaw, symlinkSync, writeFileSync } from "../../src/kit/index.ts";
import { bundled } from "../support/bundle.ts";
import { type Lab, outcomes } from "../support/lab.ts";
import { useStage } from "../support/scenario.ts";

const made = String.raw`mkdir raw; cd raw; n=$(printf 'a\377b'); mkdir "$(printf 'k\304')"; echo one > "$n"; echo x > "$(printf 'k\304')/x"; ln -s "$n" "l$n"; ln "$n" hard; mkfifo "f$n"; echo u > "$(printf 'a\303\277b')"; echo gone > "$(printf 'z\200')"; mkdir "$(printf 'q\200')"; echo y > "$(printf 'q\200')/$(printf '%0120d\377' 1)"`;
const changed = String.raw`touch "/c/$(printf 'c\377')"; cd raw; rm "$(printf 'z\200')" "$(printf 'k\304')/x"; rm -r "$(printf 'q\200')"; echo n > "$(printf 'k\304')/$(printf 'n\376')"; chmod 600 "$(printf 'a\303\277b')"`;
const dockerfile = `FROM busybox AS made
RUN ${made}
RUN --mount=type=cache,target=/c ${changed}
FROM scratch
COPY s /s
COPY --from=made /raw /raw
COPY --from=made /raw/a?b /wild/
ADD a.tar /x/
`;
/** What BuildKit has of the four layers, with SOURCE_DATE_EPOCH=1700000000 and rewrite-timestamp. */
const upstream = [
  "sha256:d5a63509d4ec003d556494fa622f85281faabfaa2dbf4fc9cfe0e06e4b4cdff0",
  "sha256:89dc2efae2e6195a3fdce5c6bb91339439b0a79cbd11b3069fe1554572828246",
  "sha256:2831669027d17cd8ca52876126835f800ce1a106ee7afbe6518b10b3a8c9b419",
  "sha256:21bd8df19fa6c6320648efe5d451bd27e5e95d010b4a6ef78620a7d65e49329e",
];
const epoch = ["--opt", "build-arg:SOURCE_DATE_EPOCH=1700000000"];
const long = "n".repeat(120);
/** Names and targets, a byte a character. */
const tree = [
  "raw ",
  "raw/a\xc3\xbfb ",
  "raw/a\xffb ",
  "raw/fa\xffb ",
  "raw/hard ",
  "raw/k\xc4 ",
  "raw/k\xc4/n\xfe ",
  "raw/la\xffb a\xffb",
  "s ",
  "s/caf\xe9 ",
  "s/caf\xe9/x\xfe ",
  "s/hard\xc3 ",
  "s/l\xff caf\xe9",
  "s/plain ",
  "wild ",
  "wild/a\xc3\xbfb ",
  "wild/a\xffb ",
  "x ",
  "x/d\xc4 ",
  "x/d\xc4/f\xff ",
  `x/${long}\xfd d\xc4`,
];

/** The context: a folder with such names, and an archive with others. */
function fill(lab: Lab): void {
  lab.clear().write({ Dockerfile: dockerfile, "s/plain": "two" });
  const at = (name: string) => join(lab.context, name);
  mkdirRaw(at("s/caf\udce9"));
  writeFileSync(at("s/caf\udce9/x\udcfe"), "one");
  symlinkSync("caf\udce9", at("s/l\udcff"));
  linkSync(at("s/plain"), at("s/hard\udcc3"));
  const source = mkdtempSync(join(lab.folder, "archive-"));
  mkdirRaw(join(source, "d\udcc4"));
  writeFileSync(join(source, "d\udcc4/f\udcff"), "hi");
  symlinkSync("d\udcc4", join(source, `${long}\udcfd`));
  execFileSync("chmod", ["-R", "u=rwX,go=rX", source, lab.context]);
  const fixed = ["--format=gnu", "--mtime=@1600000000", "--owner=0", "--group=0", "--sort=name"];
  execFileSync("tar", [...fixed, "-C", source, "-cf", at("a.tar"), "."]);
}

const listed = (folder: string): string[] =>
  execFileSync("find", [folder, "-mindepth", "1", "-printf", "%P %l\\n"], { encoding: "latin1" })
    .split("\n")
    .filter((line) => line !== "")
    .sort();

/** The digests of the layers' tars as an image has them. */
async function layersOf(lab: Lab, flags = "", args: readonly string[] = []): Promise<readonly string[]> {
  const layout = mkdtempSync(join(lab.folder, "layout-"));
  const output = `type=oci,tar=false,dest=${layout},rewrite-timestamp=true`;
  const { code, log } = await lab.run([...args, ...epoch, "--output", output], flags);
  if (code !== 0) throw new Error(log);
  const read = (digest: string) => JSON.parse(readFileSync(join(layout, "blobs", digest.replace(":", "/")), "utf8"));
  const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8"));
  return read(read(index.manifests[0].digest).config.digest).rootfs.diff_ids;
}

describe("files whose names are no UTF-8", () => {
  const stage = useStage();
  beforeAll(() => fill(stage().lab));

  test.each([
    ["overlay snapshots", ""],
    ["native snapshots", "--oci-worker-snapshotter=native"],
    ["steps in a chroot", "--isolation=chroot"],
  ])("come out as BuildKit's, byte for byte: %s", async (_, flags) => {
    expect(await layersOf(stage().lab, flags, ["--no-cache"])).toEqual(upstream);
  });

  test("are found again by the next build, and copied anew when one of them changed", async () => {
    const { lab } = stage();
    const steps = async () => [...outcomes((await lab.build()).log)].filter(([name]) => /COPY|RUN|ADD/.test(name));
    await steps();
    expect(new Set((await steps()).map(([, outcome]) => outcome))).toEqual(new Set(["cached"]));
    writeFileSync(join(lab.context, "s/caf\udce9/x\udcfe"), "six");
    const again = new Map((await steps()).map(([name, outcome]) => [name.replace(/^\[.*\] /, ""), outcome]));
    expect([again.get("COPY s /s"), again.get(`RUN ${made}`)]).toEqual(["done", "cached"]);
    writeFileSync(join(lab.context, "s/caf\udce9/x\udcfd"), "one");
    rmSync(Buffer.from(`${lab.context}/s/caf\xe9/x\xfe`, "latin1"));
    expect((await steps()).find(([name]) => name.endsWith("COPY s /s"))?.[1]).toBe("done");
    fill(lab);
  });

  test("are in a folder and in a tar, and nothing else stays in a folder that is made equal", async () => {
    const { lab } = stage();
    const { out } = await lab.build();
    expect(listed(out)).toEqual([...tree].sort());
    const dest = mkdtempSync(join(lab.folder, "local-"));
    mkdirSync(Buffer.from(`${dest}/old\xff`, "latin1"));
    writeFileSync(join(dest, "old\udcff/x"), "");
    const { code, log } = await lab.run(["--output", `type=local,dest=${dest},mode=delete`]);
    if (code !== 0) throw new Error(log);
    expect(listed(dest)).toEqual([...tree].sort());
  });

  test("are pushed, pulled, and there for the steps on top", async () => {
    const { lab, registry } = stage();
    await lab.push(`${registry.host}/made/raw:1`, ["--opt", "target=made"]);
    lab.clear().write({
      Dockerfile: String.raw`FROM ${registry.host}/made/raw:1
RUN cat "/raw/$(printf 'a\377b')" /raw/hard > /read && rm /raw/?ard && ls /raw | wc -l >> /read
`,
    });
    const config = `[registry."${registry.host}"]\nhttp = true\n`;
    writeFileSync(join(lab.folder, "http.toml"), config);
    rmSync(lab.root, { recursive: true, force: true });
    const { out } = await lab.build(["--no-cache"], `--config ${join(lab.folder, "http.toml")}`);
    expect(readFileSync(join(out, "read"), "utf8")).toBe("one\none\n5\n");
    expect(listed(join(out, "raw"))).toEqual(
      ["a\xc3\xbfb ", "a\xffb ", "fa\xffb ", "k\xc4 ", "k\xc4/n\xfe ", "la\xffb a\xffb"].sort(),
    );
    fill(lab);
  });

  test("that a Dockerfile names byte by byte are not found, as with BuildKit", async () => {
    const { lab } = stage();
    writeFileSync(join(lab.context, "Dockerfile"), Buffer.from("FROM scratch\nCOPY s/caf\xe9 /x\n", "latin1"));
    const { code, log } = await lab.run();
    expect(code).toBe(1);
    expect(log).toMatch(/failed to calculate checksum of ref .*: "\/s\/caf\ufffd": not found/);
    fill(lab);
  });

  test("leave nothing behind when all is pruned", async () => {
    const { lab } = stage();
    await lab.build();
    const env = { ...process.env, BUILDKITD_FLAGS: `--root ${lab.root}`, NODE_OPTIONS: "" };
    const command = (...args: string[]) =>
      execFileSync(process.execPath, [bundled("buildctl-daemonless"), ...args], { env, encoding: "utf8" });
    expect(command("du")).toMatch(/Total:\s+[1-9]/);
    command("prune", "--all");
    expect(command("du")).toMatch(/Total:\s+0B/);
    for (const folder of ["snapshots", "kept", "trash", "content/blobs/sha256"])
      expect(readdirSync(join(lab.root, folder)), folder).toEqual([]);
  });
});
