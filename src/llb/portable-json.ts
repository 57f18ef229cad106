import { posix } from "node:path";
import { goJson, type Platform } from "../oci/index.ts";
import { decode, type MessageType, pb } from "../wire/index.ts";
import { platformFromWire } from "./from-wire.ts";
import { goStruct } from "./go-struct.ts";

/**
 * What BuildKit hashes to tell one op from another, apart from its inputs (`CacheMap` of its ops): the op as Go's encoding/json writes it, less
 * what does not change the result. Undefined for sources, whose names are no matter of bytes, and for a build that brings a definition
 * along. `host`: the platform of an op that names none.
 */
export function portableJson(bytes: Uint8Array, host: Platform): string | undefined {
  const { op, platform, inputs } = decode(pb.Op, bytes);
  switch (op?.case) {
    case "exec":
      return execJson(op.value, platform === undefined ? host : platformFromWire(platform));
    case "file":
      return fileJson(op.value, inputs.length);
    case "merge":
      return object({ Type: goJson("buildkit.merge.v0"), Merge: struct(pb.MergeOp, op.value) });
    case "diff":
      return object({ Type: goJson("buildkit.diff.v0"), Diff: struct(pb.DiffOp, op.value) });
    case "passthrough":
      return object({
        Type: goJson("buildkit.passthrough.v0"),
        Passthrough: struct(pb.PassthroughOp, op.value),
      });
    case "build":
      if (op.value.def !== undefined) return undefined;
      return object({ Type: goJson("buildkit.build.v0"), Exec: struct(pb.BuildOp, op.value) });
    case "source":
    case undefined:
      return undefined;
  }
}

/** Proxies, addresses of extra hosts, selectors and ids of caches that a user chose do not count. */
function execJson(op: pb.ExecOp, { os, architecture, variant, osVersion, osFeatures }: Platform): string {
  const { meta } = op;
  const mounts = op.mounts.map((mount) => ({ ...withoutChosenCache(mount), selector: "" }));
  const counted: pb.ExecOp = {
    ...op,
    ...(meta && { meta: withoutProxy({ ...meta, extraHosts: meta.extraHosts.map((host) => ({ ...host, ip: "" })) }) }),
    mounts: mounts.length === 1 && mounts.every(isPlainRoot) ? [] : mounts,
  };
  return object({
    Type: goJson("buildkit.exec.v0"),
    Exec: struct(pb.ExecOp, counted),
    OS: goJson(os),
    Arch: goJson(architecture),
    Variant: variant && goJson(variant),
    OSVersion: osVersion && goJson(osVersion),
    OSFeatures: osFeatures && goJson(osFeatures),
  });
}

function withoutProxy({ proxyEnv: _, ...meta }: pb.Meta): pb.Meta {
  return meta;
}

/** Sharing 0 is `shared`. What a Dockerfile's defaults give stays, so that old caches go on to match. */
function withoutChosenCache(mount: pb.Mount): pb.Mount {
  const { cacheOpt, dest } = mount;
  if (cacheOpt === undefined) return mount;
  const { id, sharing } = cacheOpt;
  const slash = id.indexOf("/");
  const isDefault = sharing === 0 && (id === dest || (slash >= 0 && id.slice(slash + 1) === dest));
  return isDefault ? mount : { ...mount, cacheOpt: { id: "", sharing: 0 } };
}

/** The one mount that a plain RUN has: old versions did not count mounts at all. */
function isPlainRoot(mount: pb.Mount): boolean {
  const { dest, readonly, mountType, cacheOpt, sshOpt, secretOpt, resultID } = mount;
  const isPlain = !readonly && mountType === 0 && resultID === "";
  return dest === "/" && isPlain && [cacheOpt, sshOpt, secretOpt].every((option) => option === undefined);
}

/** Where a copy reads is the affair of its content's digest: only the last name of its path counts. */
function fileJson(op: pb.FileOp, inputs: number): string {
  const actions = op.actions.map((action) => goJson(Buffer.from(actionJson(action, inputs)).toString("base64")));
  const indexes = op.actions.map(({ input, secondaryInput, output }) => [input, secondaryInput, output]);
  return object({
    Type: goJson("buildkit.file.v0"),
    Actions: `[${actions.join(",")}]`,
    indexes: isDefault(indexes) ? undefined : `[${indexes.map((three) => `[${three.join(",")}]`).join(",")}]`,
  });
}

function actionJson({ action, secondaryInput }: pb.FileAction, inputs: number): string {
  switch (action?.case) {
    case "copy": {
      const isInput = secondaryInput !== -1n && secondaryInput < BigInt(inputs);
      const src = isInput ? goBase(action.value.src) : action.value.src;
      return struct(pb.FileActionCopy, { ...action.value, src });
    }
    case "mkfile":
      return struct(pb.FileActionMkFile, action.value);
    case "mkdir":
      return struct(pb.FileActionMkDir, action.value);
    case "rm":
      return struct(pb.FileActionRm, action.value);
    case "symlink":
      return struct(pb.FileActionSymlink, action.value);
    case undefined:
      return "";
  }
}

/** Go's `path.Base`. */
function goBase(path: string): string {
  if (path === "") return ".";
  return posix.basename(path) || "/";
}

/** Old versions did not count the indexes of actions: a plain chain of them still has none. */
function isDefault(indexes: readonly (readonly (bigint | undefined)[])[]): boolean {
  const count = indexes.length;
  return (
    count > 0 &&
    indexes.every(([input, secondary, output], at) => {
      const chained = input === BigInt(at === 0 ? 0 : count + at - 1);
      const made = output === (at === count - 1 ? 0n : -1n);
      return chained && made && (secondary === -1n || secondary === 1n);
    })
  );
}

function struct<T>(type: MessageType<T>, value: T): string {
  return goJson(goStruct(type, value));
}

/** An object of values that are JSON already. */
function object(fields: Readonly<Record<string, string | undefined>>): string {
  const present = Object.entries(fields).filter((entry): entry is [string, string] => !!entry[1]);
  return `{${present.map(([key, value]) => `${goJson(key)}:${value}`).join(",")}}`;
}
