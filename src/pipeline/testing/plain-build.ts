import type { BuildContext } from "../expand/contract.ts";

/** A build about which there is nothing special to say: the first one of branch `main`, started here. */
export const plainBuild: BuildContext = {
  id: "b",
  number: 1,
  branch: "main",
  commit: "",
  tag: "",
  message: "",
  author: { name: "", email: "" },
  repository: "",
  source: "local",
  pipelineSlug: "p",
  organizationSlug: "o",
  defaultBranch: "main",
};
