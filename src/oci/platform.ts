/** OCI image spec, "platform" of a descriptor and of a config, in containerd's normal form (`amd64`, `arm64` without `v8`, …). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly osVersion?: string;
  readonly osFeatures?: readonly string[];
}
