import { expect, test } from "vitest";
import { helperCommand } from "./helper-command.ts";

const line = (address: string) => {
  const command = helperCommand(address);
  return command && [command.program, ...command.args].join(" ");
};

test.each([
  ["docker-container://builder", "docker exec -i builder buildctl dial-stdio"],
  ["docker-container://Builder_1?context=far", "docker --context=far exec -i Builder_1 buildctl dial-stdio"],
  ["podman-container://builder", "podman exec -i builder buildctl dial-stdio"],
  ["nerdctl-container://b?namespace=n", "nerdctl exec --namespace n -i b buildctl dial-stdio"],
  ["kube-pod://p", "kubectl --context= --namespace= exec --container= -i p -- buildctl dial-stdio"],
  [
    "kube-pod://p.q?container=c&namespace=n&context=user@cluster",
    "kubectl --context=user@cluster --namespace=n exec --container=c -i p.q -- buildctl dial-stdio",
  ],
  ["ssh://foo", "ssh -- foo buildctl dial-stdio"],
  ["ssh://me@foo:10022/s/k.sock", "ssh -l me -p 10022 -- foo buildctl --addr unix:///s/k.sock dial-stdio"],
  ["unix:///run/buildkit/buildkitd.sock", undefined],
  ["tcp://127.0.0.1:1234", undefined],
])("%s is reached by: %s", (address, expected) => {
  expect(line(address)).toBe(expected);
});

test.each([
  ["docker-container://", "url lacks container name"],
  ["podman-container://-it", 'unsupported container name: "-it"'],
  ["kube-pod://", "url lacks pod name"],
  ["kube-pod://a_b", 'unsupported pod name: "a_b"'],
  ["kube-pod://p?container=c_d", 'unsupported container name: "c_d"'],
  ["kube-pod://p?namespace=n_s", 'unsupported namespace name: "n_s"'],
  ["ssh://me:secret@foo", "plain-text password is not supported"],
  ["ssh://foo?bar", 'extra query after the host: "bar"'],
  ["ssh://foo#bar", 'extra fragment after the host: "bar"'],
  ["ssh://", "no host specified"],
  ["npipe:////./pipe/x", "npipe connections are only supported on windows"],
])("%s: %s", (address, sentence) => {
  expect(() => helperCommand(address)).toThrow(sentence);
});
