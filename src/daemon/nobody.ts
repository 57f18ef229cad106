import { CooperError } from "../kit/index.ts";
import type { Session } from "../session/index.ts";

/** The session of a build that has none: it offers nothing. */
export const nobody: Session & AsyncDisposable = {
  id: "",
  localDirectory: async () => {
    throw new CooperError("session/no-local", "could not access local files without session");
  },
  registryCredentials: async () => ({ kind: "none" }),
  secret: async () => undefined,
  sshAgent: async () => undefined,
  output: () => ({ kind: "none" }),
  ociLayout: async () => undefined,
  [Symbol.asyncDispose]: async () => {},
};
