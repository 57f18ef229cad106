/** What injecting a device changes of a container (CDI specification, "containerEdits"). */
export interface ContainerEdits {
  readonly env: readonly string[];
  readonly deviceNodes: readonly DeviceNode[];
  readonly mounts: readonly EditMount[];
  readonly hooks: readonly EditHook[];
  readonly additionalGids: readonly number[];
}
export interface DeviceNode {
  /** In the container. */
  readonly path: string;
  /** On the machine. */
  readonly hostPath: string;
  /** Letters of `rwm`. */
  readonly permissions: string;
}
export interface EditMount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly options: readonly string[];
}
export interface EditHook {
  /** `createRuntime`, `createContainer`, `startContainer`, `poststart`, `poststop`, `prestart`. */
  readonly name: string;
  readonly path: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly timeout: number | undefined;
}

/** A device that is registered on this machine. */
export interface CdiDevice {
  /** `vendor.example/class=name`. */
  readonly name: string;
  /** Those of its file and its own; its own win. */
  readonly annotations: Readonly<Record<string, string>>;
  /** What its file says for all devices in it, then its own. */
  readonly edits: readonly ContainerEdits[];
  /** Builds may have it without being granted. */
  readonly autoAllow: boolean;
}
