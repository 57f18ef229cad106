import type { Finding, LintRule, StepUnderLint } from "../contract.ts";

export const shadowedCommand: LintRule = {
  name: "shadowed-command",
  severity: "warning",
  about: "A container with a command of its own runs that, and the step's command is ignored.",
  check({ step, kubernetes }) {
    if (kubernetes === undefined || step.command === "") return [];
    const commands = kubernetes.containers.filter(({ list }) => list === "containers");
    const own = commands.filter(({ plain }) => Array.isArray(plain.command) && plain.command.length > 0);
    return own.map(({ name, path }): Finding => {
      const never = own.length === commands.length ? ", and no other container runs it" : "";
      return {
        place: kubernetes.place([...path, "command"]),
        message: `container "${name}" has a command of its own: it does not run the step's${never}`,
        fix: "remove one of the two",
      };
    });
  },
};

export const argsWithoutCommand: LintRule = {
  name: "args-without-command",
  severity: "warning",
  about: "A container's args without a command are ignored.",
  check({ kubernetes }) {
    if (kubernetes === undefined) return [];
    return kubernetes.containers
      .filter(({ list, plain }) => list === "containers" && plain.command === undefined && plain.args !== undefined)
      .map(({ name, path }) => ({
        place: kubernetes.place([...path, "args"]),
        message: `the args of container "${name}" are ignored, because it has no command`,
        fix: "put the whole line into the step's command",
      }));
  },
};

export const containerEnvLoses: LintRule = {
  name: "container-env-loses",
  severity: "warning",
  about: "A variable of the step wins over a container's of the same name.",
  check({ step, kubernetes }) {
    if (kubernetes === undefined) return [];
    const names = new Map(step.env.map((entry) => [entry.name, entry]));
    return kubernetes.containers.flatMap(({ list, name, path, plain }) =>
      (list === "containers" && Array.isArray(plain.env) ? [...plain.env.entries()] : []).flatMap(
        ([at, variable]): Finding[] => {
          const own =
            typeof variable === "object" && variable !== null && "name" in variable ? String(variable.name) : "";
          if (!names.has(own)) return [];
          return [
            {
              place: kubernetes.place([...path, "env", at]),
              message: `${own} of container "${name}" loses against ${own} of the step's env`,
              fix: "set it in one place",
            },
          ];
        },
      ),
    );
  },
};

/** The lines of a command with where each is in the file, as far as that can be told. */
export function commandFinding({ step }: StepUnderLint, message: string, fix: string): Finding {
  return { place: step.commandPlace, message, fix };
}
