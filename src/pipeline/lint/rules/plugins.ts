import { isVersionedKubernetesPlugin } from "../../steps/plugins.ts";
import type { LintRule } from "../contract.ts";

export const pluginVersion: LintRule = {
  name: "plugin-version",
  severity: "warning",
  about:
    "The controller knows the kubernetes plugin by its name alone: with a version it is another plugin, and its pod is not used.",
  check({ step }) {
    return step.plugins.filter(isVersionedKubernetesPlugin).map(({ name, place }) => ({
      place,
      message: `the controller does not know "${name}", only "kubernetes": the step runs without this pod`,
      fix: "leave the version out",
    }));
  },
};
