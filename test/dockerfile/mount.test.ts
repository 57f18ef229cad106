import { describeScenarios } from "../support/scenario.ts";

const fails = (flags: string, ...sentences: (string | RegExp)[]) => ({
  dockerfile: `FROM busybox AS other\nRUN true\nFROM busybox\nENV from=other\nRUN ${flags} true\n`,
  fails: [...sentences, /Dockerfile:5[:\n]/],
});

describeScenarios("RUN --mount", {
  "of type bind shows the context, and is read-only": {
    dockerfile: `
FROM busybox AS build
WORKDIR /work
RUN --mount=target=/context cat /context/file > /one && ! touch /context/new
RUN --mount=type=bind,source=sub,target=rel,ro ls rel > /two
RUN --mount=source=sub/deep.txt,target=/file.txt cat /file.txt > /three
FROM scratch
COPY --from=build /one /two /three /
COPY --from=build / /all
`,
    files: { file: "contents0", "sub/deep.txt": "deep" },
    holds: {
      one: "contents0",
      two: "deep.txt\n",
      three: "deep",
      "all/context": null,
      "all/file.txt": null,
      "all/work": { names: [] },
    },
  },

  "of type bind that is writable forgets what is written": {
    dockerfile: `
FROM busybox AS from
RUN mkdir /out && echo foo > /out/foo
FROM busybox AS build
RUN --mount=from=from,src=out,target=/out,rw echo bar >> /out/foo && touch /out/new && cat /out/foo > /seen
RUN --mount=from=from,src=/out,dst=/out cat /out/* > /again && ls /out >> /again
RUN --mount=type=bind,target=/ctx,readwrite touch /ctx/new
RUN --mount=type=bind,target=/ctx,readonly=false [ ! -e /ctx/new ]
FROM scratch
COPY --from=build /seen /again /
`,
    holds: { seen: "foo\nbar\n", again: "foo\nfoo\n" },
  },

  "of type bind from an image and from another stage": {
    dockerfile: `
FROM scratch AS data
COPY file /in/file
FROM busybox AS build
RUN --mount=from=busybox,target=/image --mount=from=data,source=/in,target=/in sha256sum < /image/bin/busybox > /a && sha256sum < /bin/busybox > /b && cmp /a /b && cp /in/file /copied
FROM scratch
COPY --from=build /copied /
`,
    files: { file: "from data" },
    holds: { copied: "from data" },
  },

  "of two parts of one tree, one of which holds the other, sees changes in both": ({ lab }) => {
    const dockerfile = `
FROM busybox AS base
RUN --mount=source=.,target=/tmp/test --mount=source=b.txt,target=/tmp/b.txt cat /tmp/test/a.txt /tmp/b.txt > /combined.txt
FROM scratch
COPY --from=base /combined.txt /
`;
    lab.clear().write({ Dockerfile: dockerfile, "a.txt": "foo\n", "b.txt": "bar\n" });
    return {
      dockerfile,
      files: { "a.txt": "updated\n", "b.txt": "bar\n" },
      holds: { "combined.txt": "updated\nbar\n" },
    };
  },

  "of type tmpfs is empty and gone after the step": {
    dockerfile: `
FROM busybox AS build
RUN --mount=target=/mytmp,type=tmpfs touch /mytmp/foo && [ "$(stat -f -c %T /mytmp)" = tmpfs ]
RUN [ ! -e /mytmp ]
RUN --mount=type=tmpfs,target=/dev/shm,size=128m mount | grep /dev/shm | grep -o size=131072k > /size
RUN --mount=type=tmpfs,target=/kept --mount=type=tmpfs,target=/kept/below touch /kept/below/x && mkdir -p /made
FROM scratch
COPY --from=build /size /
COPY --from=build / /all
`,
    holds: {
      size: "size=131072k\n",
      "all/mytmp": null,
      "all/kept": null,
    },
  },

  "expands variables in every value": {
    dockerfile: `
ARG outer=/cache/outer
FROM busybox AS one
ENV path=/mycache type=cache id=some
ARG outer
ARG kind=cache
RUN --mount=type=cache,target=/mycache touch /mycache/foo
RUN --mount=type=cache,target=$path [ -f $path/foo ]
RUN --mount=type=$kind,target=/two touch /two/foo
RUN --mount=type=cache,target=/two [ -f /two/foo ]
RUN --mount=type=cache,id=some,target=/abc touch /abc/foo
RUN --mount=type=$type,id=$id,target=/cba [ -f /cba/foo ]
RUN --mount=type=cache,id=some,target=\${outer} [ -f /cache/outer/foo ]
FROM one
RUN --mount=type=$type,id=$id,target=/whatever [ -f /whatever/foo ] && touch /ok
`,
    holds: { ok: "" },
  },

  "refuses an unknown flag": fails("--mont=target=/t,type=tmpfs", "unknown flag: --mont", "did you mean mount?"),
  "refuses an unknown key": fails("--mount=typ=tmpfs", "unexpected key 'typ'", "did you mean type?"),
  "refuses an unknown type": fails("--mount=type=tmp", 'unsupported mount type "tmp"', "did you mean tmpfs?"),
  "refuses an unknown sharing": fails(
    "--mount=type=cache,target=/c,sharing=shard",
    'unsupported sharing value "shard"',
  ),
  "refuses a variable in from": fails(
    "--mount=from=$from,type=cache,target=/tmp",
    "'from' doesn't support variable expansion, define alias stage instead",
  ),
  "refuses an owner of a bind mount": fails("--mount=target=/x,uid=1", 'uid not allowed for "bind" type mounts'),
  "refuses the root as a target": fails("--mount=type=tmpfs,target=/", 'invalid mount target "/"'),
  "says what a mount did not find": fails(
    "--mount=from=other,source=/nowhere,target=/x",
    /failed to calculate checksum of ref .*: "\/nowhere": not found/,
  ),
});
