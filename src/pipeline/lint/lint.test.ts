import { describe, expect, test } from "vitest";
import type { PodSecurityLevel } from "../kube/pod-security.ts";
import { plainBuild } from "../testing/index.ts";
import { lintPipeline } from "./lint.ts";
import { lintRules } from "./rules/index.ts";

/** `line:column rule` of every problem. */
function lint(text: string, podSecurity: PodSecurityLevel | undefined = undefined): string[] {
  const problems = lintPipeline(text, "p.yml", {
    build: plainBuild,
    env: new Map(),
    variables: new Map(),
    podSecurity,
  });
  return problems.map(({ place, rule }) => `${place.line}:${place.column} ${rule}`);
}

/** A step with a pod; `rest` and `container` are more lines, indented as they must be. */
function step({ command = "make", rest = "", container = "", volumes = "", pod = "" }): string {
  return `steps:
  - command: ${command}
${rest}    plugins:
      - kubernetes:
          podSpec:
${pod}            volumes: [${volumes}]
            containers:
              - name: main
                image: alpine:3
${container}`;
}

const mount = (volume: string, path = "/m") =>
  `                volumeMounts: [{name: ${volume}, mountPath: ${path}}]\n`;

describe("lint", () => {
  test("has nothing to say of a sound step", () => {
    expect(lint(step({}))).toEqual([]);
  });

  test.each<[string, string, string[]]>([
    ["a mount without volume", step({ container: mount("cache") }), ["10:39 missing-volume"]],
    ["a mount of the workspace", step({ container: mount("workspace") }), []],
    [
      "a volume of the controller's name",
      step({ volumes: "{name: workspace, emptyDir: {}}" }),
      ["6:30 reserved-volume"],
    ],
    [
      "a cache that an emptyDir cannot keep",
      step({ volumes: "{name: v, emptyDir: {}}", container: mount("v", "/var/lib/buildkit") }),
      ["6:23 cache-not-kept"],
    ],
    [
      "a cache on a claim",
      step({ volumes: "{name: v, persistentVolumeClaim: {claimName: c}}", container: mount("v", "/var/lib/buildkit") }),
      [],
    ],
    ["an emptyDir for other things", step({ volumes: "{name: v, emptyDir: {}}", container: mount("v") }), []],
    [
      "a command that shadows the step's",
      step({ container: "                command: [echo]\n" }),
      ["10:26 shadowed-command"],
    ],
    ["the plugin with a version", step({}).replace("- kubernetes:", "- kubernetes#v1.0.0:"), ["4:9 plugin-version"]],
    ["args alone", step({ container: "                args: [x]\n" }), ["10:23 args-without-command"]],
    ["a misspelt field", step({ container: "                imagePullPolice: Always\n" }), ["10:34 unknown-field"]],
    ["a field of the wrong kind", step({ container: "                workingDir: [a]\n" }), ["10:29 field-kind"]],
    ["a malformed image", step({}).replace("alpine:3", "Alpine:3"), ["9:24 image-reference"]],
    ["a container named like the agent's", step({}).replace("name: main", "name: agent"), ["8:23 reserved-container"]],
    [
      "a variable that is set in the step only",
      step({ command: "echo $A", rest: "    env: {A: b}\n" }),
      ["2:14 unset-variable"],
    ],
    ["a variable with a default", step({ command: `echo $${"{A:-b}"}` }), []],
    ["a variable for the shell", step({ command: "echo $$A" }), []],
    ["a variable of Buildkite's", step({ command: "echo $BUILDKITE_BUILD_NUMBER" }), []],
    ["a variable of the pipeline's", `env: {A: b}\n${step({ command: "echo $A" })}`, []],
    [
      "a tar that is no image, and is lost",
      step({ command: "buildctl build --output type=tar,dest=image.tar" }),
      ["2:14 outputs", "2:14 tar-is-no-image"],
    ],
    [
      "an output that is kept",
      step({ command: "buildctl build --output type=oci,dest=out/i.tar", rest: '    artifact_paths: "out/**"\n' }),
      [],
    ],
    [
      "an output on a volume",
      step({
        command: "buildctl build -o type=oci,dest=/m/i.tar",
        volumes: "{name: v, persistentVolumeClaim: {claimName: c}}",
        container: mount("v"),
      }),
      [],
    ],
    [
      "a container's variable that the step's wins over",
      step({ rest: "    env: {A: b}\n", container: "                env: [{name: A, value: c}]\n" }),
      ["11:23 container-env-loses"],
    ],
    [
      "a user that cannot write into the checkout",
      step({ container: "                securityContext: {runAsUser: 1000}\n" }),
      ["10:46 unwritable-checkout"],
    ],
    [
      "a user of the whole pod",
      step({
        pod: "            securityContext: {runAsUser: 1000}\n",
        container: "                securityContext: {runAsUser: 1000}\n",
      }),
      [],
    ],
  ])("%s", (_name, text, found) => {
    expect(lint(text)).toEqual(found.map((line) => line.replace("outputs", "output-not-kept")));
  });

  test.each<[PodSecurityLevel | undefined, string[]]>([
    [undefined, []],
    ["baseline", ["10:47 pod-security"]],
  ])("rights are held against %s", (level, found) => {
    expect(lint(step({ container: "                securityContext: {privileged: true}\n" }), level)).toEqual(found);
  });

  test("what reading and planning find is there, too", () => {
    expect(lint('steps:\n  - label: "\\:docker\\:"\n    command: make\n    depends_on: nowhere\n')).toEqual([
      "2:13 yaml-escape",
      "4:17 unknown-dependency",
    ]);
  });

  test("every rule has a name of its own and says what it is about", () => {
    expect(new Set(lintRules.map(({ name }) => name)).size).toBe(lintRules.length);
    for (const { about } of lintRules) expect(about).toMatch(/^[A-Z`].*\.$/);
  });
});
