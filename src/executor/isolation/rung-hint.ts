import type { Executor, StepOutput } from "../contract.ts";
import type { RungName } from "../probe/rungs.ts";
import { podSettings } from "./pod-settings.ts";

interface Lack {
  readonly words: RegExp;
  readonly lack: string;
  /** A way of isolation that has it. */
  readonly wanted: "oci" | "rootless" | "chroot";
}

/** What programs say when they miss what a weaker way of isolation lacks, and what that is. */
const lacks: Readonly<Partial<Record<RungName, readonly Lack[]>>> = {
  chroot: [
    {
      words: /\/proc\b|\/dev\/(fd|pts|ptmx)|\/sys\//,
      lack: "has no /proc, /sys and terminals of its own, only copies of some files",
      wanted: "rootless",
    },
    {
      words:
        /(mount|unshare|setns|sethostname|iptables|losetup|loop)\b.*(not permitted|[Pp]ermission denied)|(not permitted|[Pp]ermission denied).*\b(mount|unshare|setns)/,
      lack: "may not mount, nor make namespaces",
      wanted: "oci",
    },
  ],
  rootless: [
    {
      words:
        /(chown|chgrp|setgroups|seteuid|setegid|setresuid|setuid|setgid)\b.*(not permitted|Invalid argument)|changing (ownership|group).*(not permitted|Invalid argument)/,
      lack: "has no such user or group id, or only one (lines in /etc/subuid and /etc/subgid give more)",
      wanted: "chroot",
    },
    {
      words: /mount\b.*(not permitted|[Pp]ermission denied)|mknod.*not permitted/,
      lack: "may not mount this, nor make devices",
      wanted: "oci",
    },
  ],
};

/** Enough to hold a message that comes in pieces. */
const rememberedBytes = 4096;

/**
 * The executor; a step that fails, and whose last words name something that this way of isolation lacks, fails with a hint that says so and
 * what a pod has to say for more.
 */
export function withRungHint(executor: Executor, rung: RungName): Executor {
  const known = lacks[rung];
  if (known === undefined) return executor;
  return {
    description: executor.description,
    movesMounts: executor.movesMounts ?? false,
    joinsNetworks: executor.joinsNetworks ?? false,
    async run(step, output, scope) {
      let last = "";
      const listening: StepOutput = (stream, chunk) => {
        if (stream === 2) last = (last + Buffer.from(chunk).toString("latin1")).slice(-rememberedBytes);
        output(stream, chunk);
      };
      const result = await executor.run(step, listening, scope);
      const found = result.exitCode === 0 ? undefined : known.find(({ words }) => words.test(last));
      return found === undefined || result.hint !== undefined ? result : { ...result, hint: hintFor(rung, found) };
    },
    open: (container, scope) => executor.open(container, scope),
    [Symbol.asyncDispose]: () => executor[Symbol.asyncDispose](),
  };
}

function hintFor(rung: RungName, { lack, wanted }: Lack): string {
  const step = `a step with isolation ${JSON.stringify(rung)} ${lack}`;
  const settings = wanted === "oci" ? podSettings.oci : `${podSettings[wanted]}; or ${podSettings.oci}`;
  return `${step}; if that is what it needs, in a pod: ${settings} (docs/isolation.md)`;
}
