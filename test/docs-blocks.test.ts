/**
 * The pages about pods do what they say: their files are written, their YAML is run in containers of Cooper's image with the rights of its
 * `securityContext`, their sessions at a prompt too, with the rights that the block names (` ```console restricted `).
 */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DockerRegistry } from "../src/registry/testing/index.ts";
import { blocksOf, outputPattern, type PageBlock, sessionOf } from "./support/page-blocks.ts";
import { containerOf, type PageVolume } from "./support/pod-yaml.ts";
import { imageTimeout, kindsOfPod, Podman, type PodmanRun } from "./support/podman.ts";
import { startRegistry, type TestRegistry } from "./support/registry.ts";
import type { Finished, Rights } from "./support/rights.ts";

let podman: Podman;
let open: TestRegistry;
let guarded: DockerRegistry;
beforeAll(async () => {
  podman = new Podman();
  podman.loadCooper();
  open = await startRegistry();
  guarded = await DockerRegistry.start({ basicAuth: true });
}, imageTimeout);
afterAll(async () => {
  podman?.[Symbol.dispose]();
  await open?.[Symbol.asyncDispose]();
  await guarded?.[Symbol.asyncDispose]();
});

/** `registry.example.com` on the pages. */
const pagesRegistry = "registry.example.com";

/** One page's checkout, volumes and secrets. */
class Page implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "cooper-page-"));
  readonly #checkout = join(this.#folder, "checkout");
  readonly #registry: string;
  #volumes = 0;

  constructor(registry: string) {
    this.#registry = registry;
    chmodSync(this.#folder, 0o755);
    mkdirSync(this.#checkout);
    const login = { auths: { [registry]: { auth: Buffer.from("user:pass").toString("base64") } } };
    mkdirSync(join(this.#folder, "secret-registry-login"));
    writeFileSync(join(this.#folder, "secret-registry-login/.dockerconfigjson"), JSON.stringify(login));
    const mirror = `[registry."docker.io"]\nmirrors = ["${open.host}"]\n[registry."${registry}"]\nhttp = true\n`;
    writeFileSync(join(this.#folder, "buildkitd.toml"), mirror);
  }

  /** Does what the block says. */
  async play(block: PageBlock): Promise<void> {
    const text = block.text.replaceAll(pagesRegistry, this.#registry);
    switch (block.language) {
      case "yaml":
        return await this.#pod(text, block.words);
      case "console":
        return await this.#session(text, block.words);
      default: {
        const [name] = block.words;
        if (name === undefined) throw new Error(`no test knows what to do with this ${block.language} block`);
        writeFileSync(join(this.#checkout, name), block.text);
      }
    }
  }

  async #pod(text: string, words: readonly string[]): Promise<void> {
    const container = containerOf(text);
    chownSync(this.#checkout, container.checkoutOwner, container.checkoutOwner);
    const mounts: Record<string, string> = {};
    for (const [path, volume] of Object.entries(container.mounts)) {
      mounts[path] = this.#volume(volume, container.volumeGroup);
    }
    const env = Object.fromEntries(
      Object.entries(container.env).map(([name, value]) => [
        name,
        typeof value === "string"
          ? value
          : readFileSync(join(this.#folder, `secret-${value.secret}`, value.key), "utf8"),
      ]),
    );
    const { code, stderr } = await this.#run({ ...container, mounts, env });
    expect(code, stderr).toBe(0);
    if (words.includes("CACHED")) expect(stderr).toMatch(/RUN .*\n#\d+ CACHED/);
  }

  async #session(text: string, words: readonly string[]): Promise<void> {
    const rights = kindsOfPod[words[0] as Rights];
    if (rights === undefined) throw new Error(`a session with the rights of no pod: ${words[0]}`);
    chownSync(this.#checkout, 0, 0);
    const steps = sessionOf(text);
    // One container for all of it; what each command prints is told apart by a line that no program prints.
    const cut = "-8<- 75291";
    const script = `cd /workspace; ${steps.map(({ command }) => `{ ${command}\n} 2>&1; s=$?; echo "${cut}"`).join("\n")}; exit $s`;
    const { code, stdout } = await this.#run({ rights, command: ["/bin/sh", "-c", script], cwd: "/workspace" });
    const outputs = stdout.split(`${cut}\n`);
    for (const [index, { command, output }] of steps.entries()) {
      expect(outputs[index], command).toMatch(outputPattern(output));
    }
    expect(code === 0).toBe(!words.includes("fails"));
  }

  #run(container: Omit<PodmanRun, "image">): Promise<Finished> {
    return podman.run({
      ...container,
      image: "cooper",
      env: { BUILDKITE_BUILD_NUMBER: "7", ...container.env },
      mounts: {
        "/workspace": this.#checkout,
        "/etc/buildkit/buildkitd.toml:ro": join(this.#folder, "buildkitd.toml"),
        ...container.mounts,
      },
    });
  }

  #volume(volume: PageVolume, group: number | undefined): string {
    if (volume.kind === "secret") return join(this.#folder, `secret-${volume.name}`);
    const path = join(this.#folder, volume.kind === "claim" ? `claim-${volume.name}` : `empty-${this.#volumes++}`);
    mkdirSync(path, { recursive: true });
    // A kubelet's empty folder can be written by all; a claim's volume belongs to root, until fsGroup changes its group.
    chmodSync(path, volume.kind === "empty" ? 0o777 : 0o755);
    if (group !== undefined) {
      chownSync(path, 0, group);
      chmodSync(path, 0o2775);
    }
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const pages = ["pod", "cache", "cache-export", "credentials", "multi-platform", "doctor"];

test.for(pages)("docs/%s.md", { timeout: 240_000 }, async (name) => {
  const page = readFileSync(resolve(import.meta.dirname, `../docs/${name}.md`), "utf8");
  using playing = new Page(name === "credentials" ? guarded.host : open.host);
  for (const block of blocksOf(page)) {
    await playing.play(block).catch((error: unknown) => {
      throw new Error(`docs/${name}.md:${block.line}: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    });
  }
});
