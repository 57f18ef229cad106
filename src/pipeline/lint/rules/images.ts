import { referenceProblem } from "../../render/image-reference.ts";
import type { Finding, LintRule } from "../contract.ts";

export const imageReference: LintRule = {
  name: "image-reference",
  severity: "error",
  about: "A container without an image, or with a malformed one, fails the job before it starts.",
  check({ step, kubernetes }) {
    if (kubernetes === undefined) return [];
    return kubernetes.containers.flatMap(({ name, path, plain }): Finding[] => {
      const image = typeof plain.image === "string" ? plain.image : "";
      if (image === "" && step.image !== undefined) return [];
      const problem = referenceProblem(image);
      if (problem === undefined) return [];
      const message =
        image === "" ? `container "${name}" has no image` : `${problem} "${image}" for container "${name}"`;
      return [
        { place: kubernetes.place([...path, "image"]), message, fix: "write NAME:TAG or NAME@DIGEST, in lower case" },
      ];
    });
  },
};
