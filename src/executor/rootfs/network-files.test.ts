import { expect, test } from "vitest";
import { hostsFileFor, resolvConfFor } from "./network-files.ts";

const machine =
  "# made by hand\nnameserver 127.0.0.1\nnameserver 10.0.0.2\nsearch old\nsearch lab.example corp\noptions ndots:2\nsortlist 1\n";

test("resolvConfFor() keeps local name servers only with the host's network", () => {
  expect(resolvConfFor(machine, undefined, true)).toBe(
    "nameserver 127.0.0.1\nnameserver 10.0.0.2\nsearch lab.example corp\noptions ndots:2\nsortlist 1\n",
  );
  expect(resolvConfFor(machine, undefined, false)).not.toContain("127.0.0.1");
});

test("resolvConfFor() falls back to public name servers when none is left", () => {
  expect(resolvConfFor("nameserver 127.0.0.1\n", undefined, false)).toContain("nameserver 8.8.8.8\n");
});

test("resolvConfFor() lets the options replace each list", () => {
  const dns = { nameservers: ["127.0.0.7"], options: ["edns0"], searchDomains: ["a.example", "."] };
  expect(resolvConfFor(machine, dns, false)).toBe(
    "nameserver 127.0.0.7\nsearch a.example\noptions edns0\nsortlist 1\n",
  );
});

test("hostsFileFor() names the step's host and the extra hosts", () => {
  expect(hostsFileFor("box", [{ host: "db", ip: "10.1.1.1" }])).toBe(
    "127.0.0.1\tlocalhost box\n::1\tlocalhost ip6-localhost ip6-loopback\n10.1.1.1\tdb\n",
  );
});
