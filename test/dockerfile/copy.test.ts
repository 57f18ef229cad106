import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describeScenarios } from "../support/scenario.ts";

describeScenarios("COPY", {
  "to an empty destination puts the file into the working directory, with and without --link": {
    dockerfile: `
FROM scratch
ENV nothing=""
WORKDIR /plain
COPY a $nothing
COPY b ""
WORKDIR /linked
COPY --link a $nothing
COPY --link b .
COPY a dir/
`,
    files: { a: "A", b: "B" },
    holds: { "plain/a": "A", "plain/b": "B", "linked/a": "A", "linked/b": "B", "linked/dir/a": "A" },
  },

  "finds its way from relative working directories": {
    dockerfile: `
FROM scratch
WORKDIR /one
WORKDIR two
COPY a ./
ADD a ./deep/er
COPY a ./deep/est
WORKDIR ..
COPY a ./
WORKDIR /five/six
COPY a ../
COPY . .
`,
    files: { a: "A" },
    holds: {
      "one/two/a": "A",
      "one/two/deep": { names: ["er", "est"] },
      "one/a": "A",
      "five/a": "A",
      "five/six/a": "A",
    },
  },

  "with wildcards": {
    dockerfile: `
FROM scratch
COPY *.go /all/
COPY f*.go renamed.go
COPY sub/* /below/
COPY sub/*/two/leaf /deep/
COPY sub/*/two/leaf /named/leaf2
COPY . whole/
COPY sub/one/ slash
COPY sub/one/. dot
COPY sub/one plain
COPY a* nomatch* /
COPY [b]?r.go /class/
`,
    files: { "foo.go": "foo", "bar.go": "bar", "sub/one/two/leaf": "leaf", a: "A" },
    holds: {
      all: { names: ["bar.go", "foo.go"] },
      "renamed.go": "foo",
      "below/two/leaf": "leaf",
      "deep/leaf": "leaf",
      "named/leaf2": "leaf",
      "whole/sub/one/two/leaf": "leaf",
      "slash/two/leaf": "leaf",
      "dot/two/leaf": "leaf",
      "plain/two/leaf": "leaf",
      a: "A",
      class: { names: ["bar.go"] },
    },
  },

  "of the same things over each other": {
    dockerfile: "FROM scratch\nCOPY sub sub\nCOPY sub sub\nCOPY d/f t/f\nCOPY d/f t/f\nCOPY d t\n",
    files: { "sub/x/y/z": "Z", "d/f": "F" },
    holds: { "sub/x/y/z": "Z", "t/f": "F", t: { names: ["f"] } },
  },

  "expands variables in sources, and takes names as they are written": {
    dockerfile: `
FROM scratch
ENV FOO=bar
COPY $FOO baz
COPY t-äöü.txt /
COPY t-%C3%A4.txt /
COPY t+aou.txt /
COPY ["with space", "/to here/"]
COPY esc[[]ape /
`,
    files: {
      bar: "bar",
      "t-äöü.txt": "umlaut",
      "t-%C3%A4.txt": "percent",
      "t+aou.txt": "plus",
      "with space": "s",
      "esc[ape": "e",
    },
    holds: {
      baz: "bar",
      "t-äöü.txt": "umlaut",
      "t-%C3%A4.txt": "percent",
      "t+aou.txt": "plus",
      "to here/with space": "s",
      "esc[ape": "e",
    },
  },

  "follows links of the context on the way, and when the link itself is named": {
    dockerfile: `
FROM scratch
COPY link/foo through
COPY single /single
COPY sub/l* many/
COPY outer /outer
COPY tree /tree
`,
    files: {
      "sub/foo": "foo",
      link: { link: "sub" },
      target: "target",
      single: { link: "target" },
      "sub/lfile": "lfile",
      "sub/l0": { link: "foo" },
      "sub/l1": { link: "second" },
      "sub/second": { link: "baz" },
      "sub/baz": "baz",
      "outer/up": { link: "../target" },
      "tree/abs": { link: "/etc/passwd" },
    },
    holds: {
      through: "foo",
      single: "target",
      "many/lfile": "lfile",
      "many/l0": "foo",
      "many/l1": "baz",
      "outer/up": { link: "../target" },
      "tree/abs": { link: "/etc/passwd" },
    },
  },

  "follows links inside of a link that was copied before": {
    dockerfile: "FROM scratch\nCOPY foo /\nCOPY foo/sub bar\n",
    files: { bar: "bar", "foo/sub": { link: "../bar" } },
    holds: { bar: "bar", sub: { link: "../bar" } },
  },

  "follows links of another stage inside that stage": {
    dockerfile: `
FROM busybox AS build
RUN mkdir -p /out/sub && ln -s /out/sub /abs && ln -s out/sub /rel && echo -n data > /abs/foo && ln -s ../../../out /out/up
FROM scratch
COPY --from=build /abs/foo .
COPY --from=build /rel/foo bar
COPY --from=build /out/up/sub/foo baz
`,
    holds: { foo: "data", bar: "data", baz: "data" },
  },

  "writes through a link of the target, and stays in the tree": {
    dockerfile: `
FROM busybox AS base
RUN mkdir /real && ln -s /real /abs && ln -s ../../../../real /up && ln -s missing/there /dangling
FROM base AS made
COPY a /abs/
COPY a /up/b
COPY a /dangling/c
FROM scratch
COPY --from=made /real /real
COPY --from=made /missing /missing
`,
    files: { a: "A" },
    holds: { "real/a": "A", "real/b": "A", "missing/there/c": "A" },
  },

  "makes a socket an empty file": {
    dockerfile: "FROM scratch\nCOPY . /\nCOPY s.sock /named/\n",
    prepare: (context) =>
      execFileSync("python3", ["-c", "import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])", "s.sock"], {
        cwd: context,
      }),
    holds: { "s.sock": "", "named/s.sock": "" },
  },

  "with --chown by name and number, and from variables": {
    dockerfile: `
FROM busybox AS base
ENV owner=1000
RUN for n in 1 2; do echo u$n:x:100$n:100$n::/:/bin/sh >> /etc/passwd; echo u$n:x:100$n: >> /etc/group; done
COPY --chown=daemon foo /d/foo
COPY --chown=1000:nogroup dir /d/dir
ARG group
COPY --chown=\${owner}:\${group} foo /d/both
COPY --chown=u2:u1 . /dest
RUN stat -c "%U %G" /d /d/foo /dest /dest/foo > /d/owners && stat -c "%u %G" /d/dir /d/dir/sub /d/both >> /d/owners
FROM scratch
COPY --from=base /d/owners /
`,
    files: { foo: "foo", "dir/sub": "" },
    options: ["build-arg:group=nogroup"],
    holds: {
      owners: "daemon daemon\ndaemon daemon\nu2 u1\nu2 u1\n" + "1000 nogroup\n1000 nogroup\n1000 nogroup\n",
    },
  },

  "keeps owners inside a copied folder, and those of folders that are there": {
    dockerfile: `
FROM busybox AS source
RUN mkdir -p /dir/sub && touch /file /dir/sub/leaf && chown 100:200 /file /dir && chown 101:201 /dir/sub && chown 102:202 /dir/sub/leaf
FROM busybox AS before
RUN mkdir -p /old/oldsub && touch /old/oldfile && chown 500:600 /old && chown 501:601 /old/oldsub /old/oldfile
FROM before AS plain
COPY --from=source /file .
COPY --from=source /dir /new
COPY --from=source /dir/. /old
RUN cd / && stat -c "%n %u:%g" file new new/sub new/sub/leaf old old/oldsub old/oldfile old/sub old/sub/leaf > /plain
FROM before AS owned
COPY --from=source --chown=300:400 /file .
COPY --from=source --chown=300:400 /dir /new
COPY --from=source --chown=300:400 /dir/. /old
RUN cd / && stat -c "%n %u:%g" file new new/sub new/sub/leaf old old/oldsub old/oldfile old/sub old/sub/leaf > /owned
FROM scratch
COPY --from=plain /plain /
COPY --from=owned /owned /
`,
    holds: {
      plain: lines([
        "file 100:200",
        "new 0:0",
        "new/sub 101:201",
        "new/sub/leaf 102:202",
        "old 500:600",
        "old/oldsub 501:601",
        "old/oldfile 501:601",
        "old/sub 101:201",
        "old/sub/leaf 102:202",
      ]),
      owned: lines([
        "file 300:400",
        "new 300:400",
        "new/sub 300:400",
        "new/sub/leaf 300:400",
        "old 500:600",
        "old/oldsub 501:601",
        "old/oldfile 501:601",
        "old/sub 300:400",
        "old/sub/leaf 300:400",
      ]),
    },
  },

  "with --chmod in octal, on parents that it makes, too": {
    dockerfile: `
FROM scratch
COPY --chmod=0644 foo /a
COPY --chmod=777 bar /b
COPY --chmod=0 foo /c
COPY --chmod=777 foo /parent/foo
COPY --chmod=770 foo /parent/sub/foo
ARG mode
COPY --chmod=\${mode} foo /e
COPY --chmod=4755 foo /suid
COPY --chmod=0710 dir /dir
`,
    files: { foo: { text: "foo", mode: 0o600 }, bar: { text: "bar", mode: 0o700 }, "dir/f": { text: "", mode: 0o600 } },
    options: ["build-arg:mode=755"],
    holds: {
      a: { mode: 0o644 },
      b: { mode: 0o777 },
      c: { mode: 0 },
      parent: { mode: 0o777 },
      "parent/foo": { mode: 0o777 },
      "parent/sub": { mode: 0o770 },
      e: { mode: 0o755 },
      suid: { mode: 0o4755 },
      dir: { mode: 0o710 },
      "dir/f": { mode: 0o710 },
    },
  },

  "with a symbolic --chmod does what chmod does": {
    dockerfile: `
FROM busybox AS base
RUN mkdir -p /in/f /in/d && for n in 1 2 3; do touch /in/f/$n; chmod 666 /in/f/$n; mkdir -p /in/d/$n/$n; chmod 124 /in/d/$n/$n; done
RUN cp -a /in /want && cd /want && chmod go-w f/1 && chmod u=rw,g=r,o=r f/2 && chmod a+X f/3 \
  && chmod go-w d/1/1 && chmod u+rw,g+r,o-x,o+w d/2/2 && chmod a+X d/3/3 \
  && stat -c %a f/1 f/2 f/3 d/1/1 d/2/2 d/3/3 > /want.txt
FROM scratch AS result
COPY --from=base --chmod=go-w /in/f/1 /f/1
COPY --from=base --chmod=u=rw,g=r,o=r /in/f/2 /f/2
COPY --from=base --chmod=a+X /in/f/3 /f/3
COPY --from=base --chmod=go-w /in/d/1 /d/1/
COPY --from=base --chmod=u+rw,g+r,o-x,o+w /in/d/2 /d/2/
COPY --from=base --chmod=a+X /in/d/3 /d/3/
FROM base
COPY --from=result / /have/
RUN cd /have && stat -c %a f/1 f/2 f/3 d/1/1 d/2/2 d/3/3 > /have.txt && cmp /want.txt /have.txt && mkdir /ok
FROM scratch
COPY --from=2 /ok /ok
`,
    holds: { ok: { names: [] } },
  },

  "refuses modes that are none": {
    dockerfile: "FROM scratch\nCOPY --chmod=64a foo /\n",
    files: { foo: "" },
    fails: ["invalid chmod parameter: '64a'. it should be octal string and between 0 and 07777", /Dockerfile:2[:\n]/],
  },

  "refuses modes that are too large": {
    dockerfile: "FROM scratch\nCOPY --chmod=10000 foo /\n",
    files: { foo: "" },
    fails: ["invalid chmod parameter: '10000'. it should be octal string and between 0 and 07777"],
  },

  "refuses a variable in --from": {
    dockerfile: "FROM scratch\nCOPY --from=$FOO . .\n",
    fails: [
      "variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround",
    ],
  },

  "does not put a file where a directory is, nor a directory where a file is": {
    dockerfile: "FROM scratch\nCOPY tree /t\nCOPY other /t\n",
    files: { "tree/x/y": "", "other/x": "" },
    fails: [/cannot replace to directory \S*\/t\/x with file/],
  },

  "with --link puts a file where a directory was": {
    dockerfile: "FROM scratch\nCOPY tree /t\nCOPY --link other /t\n",
    files: { "tree/x/y": "", "tree/keep": "k", "other/x": "new" },
    holds: { "t/x": "new", "t/keep": "k" },
  },

  "says what is missing": {
    dockerfile: "FROM scratch\nCOPY foo/missing /\n",
    files: { "foo/there": "" },
    fails: [/failed to calculate checksum of ref .*: "\/foo\/missing": not found/, /Dockerfile:2[:\n]/],
  },

  "keeps permissions and times of the context, and makes its files root's": {
    dockerfile: "FROM scratch\nCOPY . /\n",
    files: { script: { text: "", mode: 0o751 } },
    prepare: (context) => {
      mkdirSync(join(context, "empty"), { mode: 0o700 });
      execFileSync("chown", ["-R", "12:34", context]);
      execFileSync("touch", ["-d", "@1234567890", join(context, "script"), join(context, "empty")]);
    },
    holds: {
      script: { mode: 0o751, owner: [0, 0], time: 1234567890 },
      empty: { mode: 0o700, owner: [0, 0], time: 1234567890 },
    },
  },
});

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join("");
}
