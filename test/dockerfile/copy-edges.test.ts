import { execFileSync } from "node:child_process";
import { expect } from "vitest";
import { describeScenarios } from "../support/scenario.ts";

/** The diff id of a tar of nothing. */
const emptyLayer = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";

describeScenarios("COPY and ADD at their edges:", {
  "a wildcard that matches nothing copies nothing": {
    dockerfile: "FROM scratch\nCOPY nomatch* /x/\nCOPY f /f\n",
    files: { f: "f" },
    holds: { f: "f" },
  },

  "set-id and sticky bits survive a change of owner": {
    dockerfile:
      "FROM busybox AS b\nRUN touch /s && chmod 4755 /s && mkdir /d && chmod 2775 /d && mkdir -m 1777 /d/t && ln /s /d/hard\nFROM scratch\nCOPY --from=b --chown=5:6 /s /s\nCOPY --from=b --chown=5:6 /d /w/d\nCOPY --from=b /s /d /both/\n",
    holds: {
      s: { mode: 0o4755, owner: [5, 6] },
      "w/d/t": { mode: 0o1777, owner: [5, 6] },
      "both/hard": { mode: 0o4755 },
    },
  },

  "a directory does not take a file's place": {
    dockerfile: "FROM scratch\nCOPY f /x\nCOPY d /x\n",
    files: { f: "", "d/a": "" },
    fails: [/cannot copy to non-directory: \S*\/x/],
  },

  "nothing goes below a file": {
    dockerfile: "FROM scratch\nCOPY f /x\nCOPY f /x/\n",
    files: { f: "" },
    fails: ["mkdir", "/x: not a directory"],
  },

  "an archive replaces what is in its way, and its .wh. names are files": {
    dockerfile: "FROM scratch\nCOPY d /o\nADD t.tar /o\n",
    files: { "d/a/b": "b", "d/f": "f", "d/l": { link: "a" } },
    prepare: (context) => {
      execFileSync(
        "sh",
        [
          "-ec",
          "mkdir s && cd s && mkdir f && echo new > f/x && echo file > a && mkdir l && echo y > l/y && touch .wh.a && tar cf ../t.tar . && cd .. && rm -r s",
        ],
        { cwd: context },
      );
    },
    holds: { "o/f/x": "new\n", "o/a": "file\n", "o/l/y": "y\n", "o/.wh.a": "" },
  },

  "hard links of the context stay links": {
    dockerfile: "FROM busybox AS b\nCOPY d /d\nRUN stat -c %h /d/one /d/two > /n\nFROM scratch\nCOPY --from=b /n /n\n",
    prepare: (context) => {
      execFileSync("sh", ["-ec", "mkdir d && echo x > d/one && ln d/one d/two"], { cwd: context });
    },
    holds: { n: "2\n2\n" },
  },

  "a hard link alone is a file": {
    dockerfile: "FROM scratch\nCOPY d/two /two\n",
    prepare: (context) => {
      execFileSync("sh", ["-ec", "mkdir d && echo x > d/one && ln d/one d/two"], { cwd: context });
    },
    holds: { two: "x\n" },
  },

  "fifos and devices are copied": {
    dockerfile: "FROM scratch\nCOPY d /d\n",
    prepare: (context) => {
      execFileSync("sh", ["-ec", "mkdir d && mkfifo d/fifo && mknod d/null c 1 3"], { cwd: context });
    },
    holds: { d: { names: ["fifo", "null"] } },
  },

  "an owner that the image does not know is root": {
    dockerfile: "FROM busybox\nCOPY --chown=nosuch:nosuch f /f\n",
    files: { f: "" },
    holds: { f: { owner: [0, 0] } },
  },

  "an owner by name needs an image": {
    dockerfile: "FROM scratch\nCOPY --chown=nosuch f /f\n",
    files: { f: "" },
    fails: ["invalid user index: -1"],
  },

  "no path leaves the context": {
    dockerfile: "FROM scratch\nCOPY ../../etc/passwd /p\n",
    files: { f: "" },
    fails: ['"/etc/passwd": not found'],
  },

  "no link leaves the context": {
    dockerfile: "FROM scratch\nCOPY link /p\n",
    files: { link: { link: "../../../etc/hostname" } },
    fails: ["not found"],
  },

  "a link to a directory gives what the directory holds": {
    dockerfile: "FROM scratch\nCOPY link /p\nCOPY link/ /q\nCOPY link /r/\n",
    files: { link: { link: "d" }, "d/a": "a" },
    holds: { "p/a": "a", "q/a": "a", "r/a": "a" },
  },

  "a link to a directory that a wildcard means does, too": {
    dockerfile: "FROM scratch\nCOPY l* /p/\n",
    files: { link: { link: "d" }, "d/a": "a" },
    holds: { "p/a": "a" },
  },

  "a link that leads to itself is in the way of nobody who means others": {
    dockerfile: "FROM scratch\nCOPY */*.go *e/y /x/\nCOPY . /y/\n",
    files: {
      "loop.go": { link: "../loop.go" },
      "d/q.go": "q",
      there: { link: "d" },
      "d/y": "no wildcard follows links",
    },
    holds: { x: { names: ["q.go"] }, "y/loop.go": { link: "../loop.go" } },
  },

  "a link that leads to itself cannot be copied from": {
    dockerfile: "FROM scratch\nCOPY loop/f /x/\n",
    files: { loop: { link: "loop" } },
    fails: [/failed to compute cache key: failed to calculate checksum of ref [^:]+: too many links/],
  },

  "nor by a wildcard": {
    dockerfile: "FROM scratch\nCOPY l* /x/\n",
    files: { loop: { link: "/loop" } },
    fails: [/failed to compute cache key: failed to calculate checksum of ref [^:]+: too many links/],
  },

  "what is linked is a layer of its own, also where the image has it alike": {
    dockerfile: "FROM busybox\nCOPY --link --from=busybox /etc/passwd /etc/passwd\n",
    image: { rootfs: { diff_ids: [expect.stringMatching(/^sha256:/), expect.not.stringMatching(emptyLayer)] } },
  },

  "many steps": {
    dockerfile: `FROM scratch\n${Array.from({ length: 60 }, (_, i) => `COPY f /f${i}`).join("\n")}\n`,
    files: { f: "f" },
    holds: { f59: "f", f0: "f" },
  },

  "a volume can be written": {
    dockerfile: "FROM busybox\nVOLUME /v\nCOPY f /v/\nRUN echo x > /v/g\n",
    files: { f: "f" },
    holds: { v: { names: ["f", "g"] } },
  },
});
