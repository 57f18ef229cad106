import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { imageOf, type TestImage, tarOf } from "./base-image.ts";

/** An image of a frontend: the Node that runs the tests with its libraries, and `frontend-program.ts`. */
export async function frontendImage(labels: Readonly<Record<string, string>>): Promise<TestImage> {
  const root = mkdtempSync(join(tmpdir(), "cooper-frontend-"));
  try {
    const node = realpathSync(process.execPath);
    place(node, join(root, "bin/node"));
    for (const library of libraries(node)) place(library, join(root, library));
    await build({
      entryPoints: [join(import.meta.dirname, "frontend-program.ts")],
      outfile: join(root, "frontend.mjs"),
      ...{ bundle: true, platform: "node", format: "esm", logLevel: "silent" },
    });
    mkdirSync(join(root, "work"));
    const config = {
      Entrypoint: ["/bin/node", "/frontend.mjs"],
      Env: ["FROM_IMAGE=yes"],
      WorkingDir: "/work",
      User: "1000",
      Labels: labels,
    };
    // Not packed: it is large, and used once.
    return imageOf([tarOf(root)], config, 0);
  } finally {
    rmSync(root, { recursive: true });
  }
}

function libraries(program: string): string[] {
  const text = execFileSync("ldd", [program], { encoding: "utf8" });
  return [...text.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map((match) => match[1] ?? "");
}

function place(file: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(realpathSync(file), target);
}
