import { CooperError, messageOf } from "../../../kit/index.ts";
import { normalise, type PodFieldDetails, showPath } from "../../kube/normalise.ts";
import { unknownFields } from "../../kube/unknown-fields.ts";
import type { LintRule } from "../contract.ts";

export const unknownField: LintRule = {
  name: "unknown-field",
  severity: "warning",
  about: "A field that the plugin or the Kubernetes API does not have is dropped without a word.",
  check({ kubernetes }, { api }) {
    if (kubernetes === undefined) return [];
    return unknownFields(api, "KubernetesPlugin", kubernetes.plain).map(({ path, meant }) => ({
      place: kubernetes.place(path),
      message: `${showPath(path)} is no field that Kubernetes knows: it is ignored`,
      fix: meant === undefined ? "remove it, or look at its indent" : `write ${meant}`,
    }));
  },
};

export const fieldKind: LintRule = {
  name: "field-kind",
  severity: "error",
  about: "A field of the wrong kind makes the controller fail the job before it starts.",
  check({ kubernetes }, { api }) {
    if (kubernetes === undefined) return [];
    try {
      normalise(api, "KubernetesPlugin", kubernetes.plain);
      return [];
    } catch (error) {
      if (!(error instanceof CooperError)) throw error;
      return [
        { place: kubernetes.place(pathOf(error)), message: messageOf(error), fix: error.hint ?? "correct the value" },
      ];
    }
  },
};

function pathOf({ details }: CooperError) {
  return typeof details === "object" && details !== null && "path" in details ? (details as PodFieldDetails).path : [];
}
