import type { Bytes, Scope } from "../kit/index.ts";

/** A directory that the caller offers under a name (`context`, `dockerfile`, …), to be read in place. */
export interface LocalDirectory {
  readonly name: string;
  /** Absolute path on this machine. */
  readonly path: string;
}

export type RegistryCredentials =
  | { readonly kind: "none" }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "identityToken"; readonly token: string }
  | { readonly kind: "bearer"; readonly token: string };

/** Where an exporter writes its one stream, or its tree. */
export type OutputTarget =
  | {
      readonly kind: "stream";
      readonly write: (bytes: Bytes, metadata: Readonly<Record<string, string>>, scope: Scope) => Promise<void>;
    }
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "none" };

/** What the caller of a build offers to the builder, wherever it lives: in this process now, behind a tunnel later. */
export interface Session {
  readonly id: string;
  /** Throws `session/no-local` when the caller did not offer it. */
  localDirectory(name: string, scope: Scope): Promise<LocalDirectory>;
  registryCredentials(host: string, scope: Scope): Promise<RegistryCredentials>;
  /** The secret's bytes, or undefined when the caller has none of that id. */
  secret(id: string, scope: Scope): Promise<Uint8Array | undefined>;
  /** Path of a unix socket that speaks the ssh agent protocol, or undefined. */
  sshAgent(id: string, scope: Scope): Promise<string | undefined>;
  /** Where the exporter with that index in the request writes to. */
  output(exporterIndex: number): OutputTarget;
  /** Folder of an OCI layout that the caller offers under a store id, or undefined. */
  ociLayout(storeId: string): Promise<string | undefined>;
}
