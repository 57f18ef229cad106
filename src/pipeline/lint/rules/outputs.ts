import { compileDoubleStar } from "../../../kit/index.ts";
import type { Finding, LintRule } from "../contract.ts";
import { maps } from "../subjects.ts";
import { commandFinding } from "./commands.ts";

/** An `--output` of a build command. */
interface Output {
  readonly type: string;
  readonly dest: string | undefined;
}

/** The outputs that a command's build lines name. `$VAR` within them stays. */
function outputsIn(command: string): Output[] {
  const joined = command.replaceAll("\\\n", " ");
  return [...joined.matchAll(/(?:--output|-o|--export-to)[=\s]+(["']?)([^\s"']*type=[^\s"']+)\1/g)].map(
    ([, , text = ""]) => {
      const fields = new Map(
        text.split(",").map((field) => [field.split("=")[0] ?? "", field.split("=").slice(1).join("=")]),
      );
      return { type: fields.get("type") ?? "", dest: fields.get("dest") };
    },
  );
}

export const tarIsNoImage: LintRule = {
  name: "tar-is-no-image",
  severity: "warning",
  about: "`type=tar` writes the root file system, which no `docker load` takes.",
  check(subject) {
    return outputsIn(subject.step.command)
      .filter(({ type }) => type === "tar")
      .map(() =>
        commandFinding(
          subject,
          "--output type=tar writes the final root file system, which is not an image that can be loaded or pushed",
          "for an image write type=oci or type=docker; keep type=tar for the plain files",
        ),
      );
  },
};

export const outputNotKept: LintRule = {
  name: "output-not-kept",
  severity: "warning",
  about: "A file that a build writes is lost with the pod, unless artifact_paths names it.",
  check(subject) {
    const { step } = subject;
    const globs = step.artifactPaths.map(({ value }) => compileDoubleStar(value));
    const mounts = mountPaths(subject.kubernetes?.containers ?? []);
    return outputsIn(step.command).flatMap(({ dest }): Finding[] => {
      if (dest === undefined || dest === "-" || dest.includes("$")) return [];
      const file = dest.replace(/^\.\//, "");
      const kept = globs.some((glob) => glob.matches(file) || glob.matches(`${file}/x`));
      if (kept || /\bbuildkite-agent\s+artifact\s+upload\b/.test(step.command)) return [];
      if (mounts.some((path) => dest === path || dest.startsWith(`${path}/`))) return [];
      return [commandFinding(subject, `the output ${dest} is lost when the pod ends`, `add artifact_paths: "${file}"`)];
    });
  },
};

function mountPaths(containers: readonly { readonly plain: { readonly volumeMounts?: unknown } }[]): string[] {
  return containers.flatMap(({ plain }) =>
    maps(plain.volumeMounts as never).flatMap(([, mount]) => String(mount.mountPath)),
  );
}
