import { describeScenarios } from "../support/scenario.ts";

const four = { foo: "f", bar: "b", baz: "z", bay: "y" };

describeScenarios(".dockerignore", {
  "hides what it names, itself and the Dockerfile too, and takes back what follows a !": {
    dockerfile: "FROM scratch\nCOPY . .\n",
    files: { ...four, ".dockerignore": "\nba*\nDockerfile\n!bay\n.dockerignore\n" },
    holds: { "/": { names: ["bay", "foo"] } },
  },

  "with an exclamation mark alone is an error, not a hang": {
    dockerfile: "FROM scratch\nCOPY . .\n",
    files: { ".dockerignore": "!\n" },
    fails: [/illegal exclusion pattern/],
  },

  "in folders, with any depth, and with comments and blanks": {
    dockerfile: "FROM scratch\nCOPY . /\n",
    files: {
      ".dockerignore":
        "# comment\n\n  **/*.log  \n/deep/one\ndeep/two/\ndeep/*/x?\n!deep/two/back\nDockerfile\n./dot\n.dockerignore\n",
      "a.log": "",
      "deep/b.log": "",
      "deep/one/f": "",
      "deep/two/f": "",
      "deep/two/back": "back",
      "deep/three/x1": "",
      "deep/three/y1": "y",
      dot: "",
    },
    holds: {
      "/": { names: ["deep"] },
      deep: { names: ["three", "two"] },
      "deep/two": { names: ["back"] },
      "deep/three": { names: ["y1"] },
    },
  },

  "is the one beside the Dockerfile when there is one": {
    dockerfile: "FROM scratch\nCOPY . .\n",
    files: { foo: "f", bar: "b", "Dockerfile.dockerignore": "bar\n", ".dockerignore": "foo\n" },
    holds: { foo: "f", bar: null },
  },

  "is the one of the Dockerfile that is named": {
    dockerfile: "FROM scratch\n",
    files: {
      foo: "f",
      bar: "b",
      "Dockerfile.dockerignore": "bar\n",
      Dockerfile2: "FROM scratch\nCOPY . .\n",
      "Dockerfile2.dockerignore": "foo\n",
    },
    options: ["filename=Dockerfile2"],
    holds: { foo: null, bar: "b" },
  },

  "explains a file that it hides": {
    dockerfile: "FROM scratch\nCOPY foo /\n",
    files: { foo: "f", ".dockerignore": "f*\n" },
    fails: [/"\/foo": not found/, /\.dockerignore/],
  },
});

describeScenarios("COPY --exclude", {
  "leaves out what its patterns match, below each source": {
    dockerfile: `
FROM scratch AS images
COPY --exclude=*/*.png --exclude=*/*.jpeg . /1
FROM scratch AS documents
COPY --exclude=*/*.pdf --exclude=*/*.txt . /2
FROM scratch AS sounds
ADD --exclude=*.mp3 dir3/ /3/
FROM scratch AS wild
COPY --exclude=*.mp3 --exclude=*.jpeg --exclude=*.png --exclude=*.pdf --exclude=*.txt dir* /4/
FROM scratch AS wildadd
ADD --exclude=*.mp* --exclude=*.jpeg --exclude=*.png --exclude=*.pdf dir* /5
FROM scratch AS everything
ADD --exclude=* dir* /6
FROM scratch
COPY --from=images / /
COPY --from=documents / /
COPY --from=sounds / /
COPY --from=wild / /
COPY --from=wildadd / /
COPY --from=everything / /
`,
    files: {
      "dir1/101.png": "",
      "dir1/102.txt": "",
      "dir1/103.jpeg": "",
      "dir2/201.pdf": "",
      "dir2/202.jpeg": "",
      "dir3/301.mp3": "",
      "dir3/302.mpeg": "",
      "dir4/401.txt": "",
      "dir4/402.txt": { link: "401.txt" },
      "dir4/403.txt": { link: "404.txt" },
    },
    holds: {
      "1/dir1": { names: ["102.txt"] },
      "1/dir2": { names: ["201.pdf"] },
      "1/dir3": { names: ["301.mp3", "302.mpeg"] },
      "1/dir4/402.txt": { link: "401.txt" },
      "1/dir4/403.txt": { link: "404.txt" },
      "2/dir1": { names: ["101.png", "103.jpeg"] },
      "2/dir2": { names: ["202.jpeg"] },
      "2/dir4": { names: [] },
      "3": { names: ["302.mpeg"] },
      "4": { names: ["302.mpeg"] },
      "5": { names: ["102.txt", "401.txt", "402.txt", "403.txt"] },
      "5/403.txt": { link: "404.txt" },
      "6": { names: [] },
    },
  },

  "takes back what follows a !": {
    dockerfile: "FROM scratch\nCOPY --exclude=* --exclude=!keep d /d\nCOPY --exclude=sub --exclude=!sub/keep d /e\n",
    files: { "d/keep": "k", "d/go": "", "d/sub/keep": "s", "d/sub/go": "" },
    holds: { d: { names: ["keep"] }, e: { names: ["go", "keep", "sub"] }, "e/sub": { names: ["keep"] } },
  },
});

describeScenarios("COPY --parents", {
  "keeps the path of its sources, from a /./ on when there is one": {
    dockerfile: `
FROM scratch AS base
COPY . /test
FROM scratch AS middle
COPY --from=base --parents /test/a/b/./c/d /middle/
COPY --from=base --parents /test/a/b/c/d/. /end/
COPY --from=base --parents ./test/a/b/c/d /start/
COPY --from=base --parents /test/a/./b/./c /double/
COPY --from=base --parents /test/a/./*/c /wild/
COPY --from=base --parents /test/a/b*/./c/**/e /wilder/
COPY --from=base --parents /test/a/b/c*/./d/**/baz /test/a/b*/./c/**/bar /two/
COPY --parents a/b/c/d/foo /
WORKDIR /here
COPY --parents a/b/c/d/f* .
`,
    files: {
      "a/b/c/d/foo": "foo",
      "a/b/c/d/e/bay": "bay",
      "a/b2/c/d/e/bar": "bar",
      "a/b/c2/d/e/baz": "baz",
      "a/b/c2/d/e2/baz": "baz2",
    },
    holds: {
      "middle/c/d": { names: ["e", "foo"] },
      middle: { names: ["c"] },
      "end/test/a/b/c/d/foo": "foo",
      "start/test/a/b/c/d/foo": "foo",
      "start/test/a/b/c/d/e": { names: ["bay"] },
      "double/b/c/d/foo": "foo",
      "wild/b/c/d/foo": "foo",
      "wild/b2/c/d/e/bar": "bar",
      "wilder/c/d/e": { names: ["bar", "bay"] },
      "two/d/e": { names: ["baz"] },
      "two/d/e2": { names: ["baz"] },
      "two/c/d/e": { names: ["bar"] },
      "a/b/c/d": { names: ["foo"] },
      "here/a/b/c/d": { names: ["foo"] },
    },
  },

  "of a wildcard that matches nothing makes an empty target": {
    dockerfile: `
FROM scratch AS base
COPY . /test
FROM scratch
COPY --from=base --parents /test/a/b2*/c /out/
COPY --from=base --parents /test/a/./c2* /out2/
`,
    files: { "a/b/c/d": "" },
    holds: { out: { names: [] }, out2: { names: [] } },
  },

  "of a plain path that is not there fails": {
    dockerfile: "FROM scratch AS base\nCOPY . /test\nFROM scratch\nCOPY --from=base --parents /test/missing /out/\n",
    files: { a: "" },
    fails: [/failed to calculate checksum of ref.*: "\/test\/missing": not found/],
  },
});
