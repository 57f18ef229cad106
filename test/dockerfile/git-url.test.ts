import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Repository, startRepository } from "../support/repository.ts";
import { play, useStage } from "../support/scenario.ts";

const branches = `
cat > Dockerfile <<EOF
FROM scratch AS withgit
COPY .git/HEAD out
FROM scratch AS withsubmod
COPY submod/file out
FROM scratch
COPY foo out
EOF
git -c protocol.file.allow=always submodule --quiet add $SUBMODULE submod
echo base > foo
git add Dockerfile foo submod; git commit -qm initial; git tag v0.0.1; git branch base
echo feature > foo; mkdir sub; echo subfeature > sub/foo; cp Dockerfile sub/; git add foo sub; git commit -qm feature; git branch feature
git checkout -q -B master base
echo v0.0.2 > foo; git add foo; git commit -qm v0.0.2; git tag v0.0.2
echo latest > foo; git add foo; git commit -qm latest; git tag latest
`;

describe("a git URL", () => {
  const stage = useStage();
  let submodule: Repository;
  let repo: Repository;
  beforeAll(async () => {
    submodule = await startRepository("sha1", "echo 123 > file; git add file; git commit -qm initial");
    repo = await startRepository("sha1", branches.replace("$SUBMODULE", submodule.url));
  });
  afterAll(async () => {
    await repo[Symbol.asyncDispose]();
    await submodule[Symbol.asyncDispose]();
  });

  interface Case {
    readonly name: string;
    /** What follows the URL. */
    readonly suffix: (commit: (name: string) => string) => string;
    /** Content of the file. */
    readonly out?: string;
    /** The file has the commit of this name. */
    readonly head?: string;
    readonly fails?: string;
    readonly target?: "withgit" | "withsubmod";
  }
  const none = "repository does not contain ref";
  const other = "expected checksum to match";
  const git = "withgit";
  const submod = "withsubmod";
  const cases: readonly Case[] = [
    { name: "a tag and another commit", suffix: (of) => `?tag=v0.0.2&commit=${of("latest")}`, fails: other },
    { name: "#tag", suffix: () => "#v0.0.2", out: "v0.0.2\n" },
    { name: "ref", suffix: () => "?ref=base", out: "base\n" },
    { name: "branch", suffix: () => "?branch=base", out: "base\n" },
    { name: "no branch", suffix: () => "?branch=invalid", fails: none },
    { name: "a tag as branch", suffix: () => "?branch=v0.0.2", fails: none },
    { name: "the same twice", suffix: () => "?tag=v0.0.2#refs/tags/v0.0.2", out: "v0.0.2\n" },
    { name: "commit", suffix: (of) => `?commit=${of("latest")}`, out: "latest\n" },
    { name: "a short commit of another", suffix: (of) => `?commit=${of("v0.0.2").slice(0, 8)}`, fails: other },
    { name: "a short commit", suffix: (of) => `?commit=${of("latest").slice(0, 8)}`, out: "latest\n" },
    { name: "a commit as ref", suffix: (of) => `?ref=${of("v0.0.2")}`, out: "v0.0.2\n" },
    { name: "a short commit as ref", suffix: (of) => `?ref=${of("v0.0.2").slice(0, 8)}`, fails: none },
    { name: "a tag and its commit", suffix: (of) => `?tag=v0.0.2&commit=${of("v0.0.2")}`, out: "v0.0.2\n" },
    { name: "a commit twice", suffix: (of) => `?ref=${of("v0.0.2")}&commit=${of("v0.0.2")}`, out: "v0.0.2\n" },
    { name: "two refs", suffix: () => "?tag=v0.0.2#refs/heads/master", fails: "ref conflicts" },
    { name: "#branch:folder", suffix: () => "#feature:sub", out: "subfeature\n" },
    { name: "subdir", suffix: () => "?subdir=sub&ref=feature", out: "subfeature\n" },
    { name: "keep-git-dir", suffix: () => "?keep-git-dir=true", head: "latest", target: git },
    { name: "a tag and keep-git-dir", suffix: () => "?tag=v0.0.2&keep-git-dir=true", head: "v0.0.2", target: git },
    { name: "no keep-git-dir", suffix: () => "", fails: '.git/HEAD": not found', target: git },
    { name: "keep-git-dir without value", suffix: () => "?keep-git-dir&submodules", head: "latest", target: git },
    { name: "keep-git-dir=false", suffix: () => "?keep-git-dir=false", fails: '.git/HEAD": not found', target: git },
    { name: "submodules", suffix: () => "", out: "123\n", target: submod },
    { name: "submodules=true", suffix: () => "?submodules=true", out: "123\n", target: submod },
    { name: "submodules without value", suffix: () => "?submodules", out: "123\n", target: submod },
    { name: "submodules=false", suffix: () => "?submodules=false", fails: 'submod/file": not found', target: submod },
  ];
  const content = ({ out, head = "" }: Case) => out ?? `${repo.commit(head)}\n`;

  test.each(cases)("as context, with $name", async (each) => {
    const { lab } = stage();
    const target = each.target === undefined ? [] : [`target=${each.target}`];
    const args = [`context=${repo.url}${each.suffix(repo.commit)}`, ...target].flatMap((opt) => ["--opt", opt]);
    if (each.fails === undefined) {
      expect(lab.read(join((await lab.build(args)).out, "out"))).toBe(content(each));
      return;
    }
    const { code, log } = await lab.run(args);
    expect(log).toContain(each.fails);
    expect(code).toBe(1);
  });

  const file = { withgit: ".git/HEAD", withsubmod: "submod/file" } as const;

  test("of ADD, with each of them", async () => {
    const good = cases.filter(({ fails }) => fails === undefined);
    const adds = good.map(({ suffix }, index) => `ADD ${repo.url}${suffix(repo.commit)} /${index}/`);
    const holds = good.map((each, index) => [
      `${index}/${each.target === undefined ? "foo" : file[each.target]}`,
      content(each),
    ]);
    await play({ dockerfile: `FROM scratch\n${adds.join("\n")}\n`, holds: Object.fromEntries(holds) }, stage().lab);
  });

  test.each(cases.filter(({ fails }) => fails === none))("of ADD, with $name", async ({ suffix, fails = "" }) => {
    const dockerfile = `FROM scratch\nADD ${repo.url}${suffix(repo.commit)} /x/\n`;
    await play({ dockerfile, fails: [fails] }, stage().lab);
  });
});
