import { describe, expect, it } from "vitest";
import { readMounts } from "./mounts.ts";

const variables: Readonly<Record<string, string>> = { $T: "cache", $EMPTY: "" };
const expand = (word: string) => variables[word] ?? word;
const read = (text: string) => readMounts([{ text }], expand)[0];

describe("readMounts()", () => {
  it.each([
    ["target=/x", { type: "bind", target: "/x", readOnly: true }],
    ["type=BIND,src=a,dst=/x,rw", { type: "bind", source: "a", target: "/x", readOnly: false }],
    ["type=$T,destination=/x", { type: "cache", target: "/x", readOnly: false, sharing: "" }],
    [
      "type=cache,id=i,sharing=Locked,mode=0755,uid=7,gid=8,ro",
      { id: "i", sharing: "locked", mode: 0o755, uid: 7, gid: 8, readOnly: true },
    ],
    ["type=cache,from=s,source=/d,target=/x", { from: "s", source: "/d" }],
    ["type=tmpfs,target=/x,size=1.5m", { type: "tmpfs", sizeLimit: 1572864, readOnly: false }],
    ["type=tmpfs,target=/x,size=2 GiB", { sizeLimit: 2147483648 }],
    ["type=secret,id=s,env", undefined],
    ["type=secret,id=s,env=", { env: "", required: false, readOnly: true }],
    ["type=secret,src=s,env=E,required", { source: "s", env: "E", required: true }],
    ["type=ssh,required=false", { type: "ssh", id: "", required: false }],
    ["READWRITE=false,target=/x", { readOnly: true }],
    ['"target=/a,b"', { target: "/a,b" }],
  ])("reads %s", (text, expected) => {
    if (expected === undefined) expect(() => read(text)).toThrow("invalid field 'env' must be a key=value pair");
    else expect(read(text)).toMatchObject(expected);
  });

  it.each([
    ["type=secrt", 'unsupported mount type "secrt" (did you mean secret?)'],
    ["type=cache,sharing=shred", 'unsupported sharing value "shred" (did you mean shared?)'],
    ["targt=/x", "unexpected key 'targt' in 'targt=/x' (did you mean target?)"],
    ["Foo=bar", "unexpected key 'foo' in 'Foo=bar' (did you mean from?)"],
    ["target", "invalid field 'target' must be a key=value pair"],
    ["required", "unexpected key 'required' for mount type 'bind'"],
    ["required=true,type=ssh", "unexpected key 'required' for mount type 'bind'"],
    ["type=ssh,required=maybe", "invalid value for required: maybe"],
    ["ro=maybe", "invalid value for ro: maybe"],
    ["type=cache,size=1k", "unexpected key 'size' for mount type 'cache'"],
    ["type=tmpfs,size=big", "invalid value for size: big"],
    ["type=tmpfs,size=-1", "invalid value for size: -1"],
    ["type=cache,mode=9", "invalid value 9 for mode"],
    ["type=cache,uid=-1", "invalid value -1 for uid"],
    ["type=cache,gid=4294967296", "invalid value 4294967296 for gid"],
    ["mode=755", 'mode not allowed for "bind" type mounts'],
    ["type=tmpfs,uid=0", 'uid not allowed for "tmpfs" type mounts'],
    ["sharing=shared", "invalid cache sharing set for bind mount"],
    ["type=secret", "invalid secret mount. one of source, target required"],
    ["type=secret,id=a,source=b", "both source and id can't be set"],
    ["type=secret,from=a,id=b", "secret mount should not have a from"],
    ["type=secret,id=b,sharing=shared", "secret mount should not define sharing"],
    ["", "failed to parse csv mounts: EOF"],
    ['a"b', 'failed to parse csv mounts: parse error on line 1, column 2: bare " in non-quoted-field'],
    ['"a"b', 'failed to parse csv mounts: parse error on line 1, column 3: extraneous or missing " in quoted-field'],
  ])("refuses %j: %s", (text, message) => expect(() => read(text)).toThrow(expect.objectContaining({ message })));
});
