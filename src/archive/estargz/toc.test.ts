import { expect, test } from "vitest";
import { sha256 } from "../../kit/index.ts";
import type { TarHeader } from "../contract.ts";
import { Toc } from "./toc.ts";

/** What BuildKit's own eStargz layers state, and what is in them (conformance/images/cases/oci-estargz.json). */
const stated = {
  single: "sha256:3fb50c6c45399448810499e3aff9a99157f5bf3f22fa67399628cc52e0777af6",
  nested: "sha256:e6588256ec676c6d9db8c5bef5c94bbae4b0efa3f84dce1e4ee2f1dea35ce1a1",
};

function header(name: string, mode: number, mtime: number, size = 0): TarHeader {
  const type = size === 0 ? "directory" : "file";
  return { type, name, mode, uid: 0, gid: 0, size, mtime: BigInt(mtime) * 1_000_000_000n };
}

function digestAt(place: number, headers: readonly TarHeader[], content: `sha256:${string}`): string {
  const toc = new Toc();
  for (const one of headers) {
    const pieces = one.size === 0 ? [] : [{ member: 0, offset: 0, size: undefined, digest: content }];
    toc.add(one, { mode: one.mode, userName: "", groupName: "" }, pieces, one.size === 0 ? undefined : content);
  }
  return sha256(toc.encode([place]));
}

test.each([
  [
    "single",
    [header("a.txt", 0o644, 1600000000, 6)],
    "sha256:b6a98d9ce9a2d9149288fa3df42d377c3e42737afdcdaf714e33c0a100b51060",
  ],
  [
    "nested",
    [header("bin/", 0o755, 1795357557), header("bin/b.sh", 0o755, 1610000000, 10)],
    "sha256:a8076d3d28d21e02012b20eaf7dbf75409a6277134439025f282e368e3305abf",
  ],
] as const)(
  "the table of a recorded layer (%s) is upstream's, wherever its compressor has put the bytes",
  (name, headers, content) => {
    const places = Array.from({ length: 500 }, (_, place) => place);
    expect(places.map((place) => digestAt(place, headers, content))).toContain(stated[name]);
  },
);
