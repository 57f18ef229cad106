/** What is measured: each scenario states its input once, and how each tool is asked for it. */
import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { pseudoRandom } from "./random.ts";

/** The tools understand the same Dockerfile; `output` is BuildKit's `--output` value ("" for none, `OUT` is a file to write). */
export interface Scenario {
  readonly name: string;
  readonly what: string;
  /** Seconds to reach, from the project's goals; shown beside the figure. */
  readonly goal: number;
  readonly output: string;
  /** Empty the tool's root before each measured run. */
  readonly cold: boolean;
  /** Writes the context; `base` is the reference of the loopback registry's image. */
  readonly make: (folder: string, world: BenchWorld) => void | Promise<void>;
  /** Changes the context before each measured run after a first, unmeasured one. */
  readonly touch?: (folder: string, run: number) => void;
}
export interface BenchWorld {
  /** `127.0.0.1:PORT`. */
  readonly registry: string;
  /** A busybox image in it. */
  readonly base: string;
  /** An image with one gzip layer of 400 MB. */
  readonly big: string;
}

export const scenarios: readonly Scenario[] = [
  {
    name: "cold-start",
    what: "FROM scratch, COPY one file, empty root",
    goal: 0.12,
    output: "",
    cold: true,
    make: (folder) => {
      writeFileSync(join(folder, "a.txt"), "a\n");
      writeFileSync(join(folder, "Dockerfile"), "FROM scratch\nCOPY a.txt /\n");
    },
  },
  {
    name: "noop-rebuild",
    what: "two stages on busybox, all cached, type=oci out",
    goal: 0.12,
    output: "type=oci,dest=OUT",
    cold: false,
    make: (folder, { base }) => {
      writeFileSync(join(folder, "a.txt"), "a\n");
      const lines = [
        `FROM ${base} AS build`,
        "COPY a.txt /a",
        "RUN cat /a > /b",
        `FROM ${base}`,
        "COPY --from=build /b /b",
      ];
      writeFileSync(join(folder, "Dockerfile"), `${lines.join("\n")}\n`);
    },
  },
  {
    name: "20k-files",
    what: "COPY of 20,000 files (45 MB), empty root",
    goal: 1.5,
    output: "",
    cold: true,
    make: makeManyFiles,
  },
  {
    name: "20k-files-touch-1",
    what: "one of the 20,000 files changed",
    goal: 0.3,
    output: "",
    cold: false,
    make: makeManyFiles,
    touch: (folder, run) => writeFileSync(join(folder, "d000/f0.txt"), `changed ${run}\n`),
  },
  {
    name: "20-runs",
    what: "20 RUN steps in a row",
    goal: 0.9,
    output: "",
    cold: true,
    make: (folder, { base }) => {
      const runs = Array.from({ length: 20 }, (_, index) => `RUN echo ${index} > /f${index}`);
      writeFileSync(join(folder, "Dockerfile"), `FROM ${base}\n${runs.join("\n")}\n`);
    },
  },
  {
    name: "fan-16x1s",
    what: "16 stages that sleep 1 s",
    goal: 1.3,
    output: "",
    cold: true,
    make: (folder, { base }) => {
      const names = Array.from({ length: 16 }, (_, index) => `s${index}`);
      const stages = names.map((name) => `FROM ${base} AS ${name}\nRUN sleep 1 && echo ${name} > /${name}`);
      const copies = names.map((name) => `COPY --from=${name} /${name} /`);
      writeFileSync(join(folder, "Dockerfile"), `${stages.join("\n")}\nFROM scratch\n${copies.join("\n")}\n`);
    },
  },
  {
    name: "export-gzip-400M",
    what: "COPY a 400 MB file, type=oci gzip",
    goal: 2,
    output: "type=oci,dest=OUT",
    cold: true,
    make: makeBigFile,
  },
  {
    name: "export-zstd-400M",
    what: "the same, zstd",
    goal: 1.5,
    output: "type=oci,dest=OUT,compression=zstd",
    cold: true,
    make: makeBigFile,
  },
  {
    name: "push-zstd-400M",
    what: "the same, pushed to a loopback registry",
    goal: 1.6,
    output: "type=image,name=REGISTRY/push-RUN:latest,push=true,registry.insecure=true,compression=zstd",
    cold: true,
    make: makeBigFile,
  },
  {
    name: "pull-unpack-400M",
    what: "pull a gzip layer of 400 MB, mount it in a RUN",
    goal: 1,
    output: "",
    cold: true,
    make: (folder, { base, big }) => {
      const lines = [`FROM ${base}`, `RUN --mount=from=${big},target=/m test -e /m/big.bin`];
      writeFileSync(join(folder, "Dockerfile"), `${lines.join("\n")}\n`);
    },
  },
];

function makeManyFiles(folder: string): void {
  const random = pseudoRandom(7);
  for (let directory = 0; directory < 200; directory++) {
    const path = join(folder, `d${String(directory).padStart(3, "0")}`);
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < 100; file++) writeFileSync(join(path, `f${file}.txt`), random.text(2250));
  }
  writeFileSync(join(folder, "Dockerfile"), "FROM scratch\nCOPY . /src/\n");
}

async function makeBigFile(folder: string): Promise<void> {
  await writeBigFile(join(folder, "big.bin"));
  writeFileSync(join(folder, "Dockerfile"), "FROM scratch\nCOPY big.bin /\n");
}

/** 400 MB that compress about as well as program files do: words of a small set between random bytes. */
export async function writeBigFile(path: string): Promise<void> {
  const random = pseudoRandom(11);
  const file = createWriteStream(path);
  for (let written = 0; written < 400; written++) {
    if (!file.write(random.mixed(1 << 20))) await new Promise((resolve) => file.once("drain", resolve));
  }
  file.end();
  await finished(file);
}
