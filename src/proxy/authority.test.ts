import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Authority } from "./authority.ts";
import { makeCertificate } from "./certificate.ts";
import { integer, oid, sequence, time } from "./der.ts";

const hour = 60 * 60 * 1000;

describe("certificates of the proxy", async () => {
  const authority = await Authority.create();
  const own = new X509Certificate(authority.certificate);

  test("are vouched for by one that vouches for itself", () => {
    expect(own.subject).toBe("CN=BuildKit exec proxy");
    expect(own.ca).toBe(true);
    expect(own.verify(own.publicKey)).toBe(true);
    expect(own.validToDate.getTime() - Date.now()).toBeGreaterThan(9 * 365 * 24 * hour);
  });

  test("of a host are the same until they are nearly over", () => {
    expect(authority.contextOf("a.example")).toBe(authority.contextOf("a.example"));
    expect(authority.contextOf("a.example")).not.toBe(authority.contextOf("b.example"));
  });
});

describe("makeCertificate()", async () => {
  const { generateKeyPairSync } = await import("node:crypto");
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const made = (host: string | undefined) =>
    new X509Certificate(
      makeCertificate({
        subject: "s",
        issuer: "i",
        publicKey: keys.publicKey,
        issuerKey: keys,
        host,
        from: new Date("2049-12-31T23:59:59Z"),
        until: new Date("2050-01-01T00:00:00Z"),
      }),
    );

  test.each([
    ["host.example", "host.example", "other.example"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example", "example"],
  ])("for the host %s", (host, name, other) => {
    expect(made(host).checkHost(name)).toBe(name);
    expect(made(host).checkHost(other)).toBeUndefined();
  });

  test.each(["192.0.2.7", "2001:db8::7", "::1", "::ffff:192.0.2.7"])("for the address %s", (address) => {
    expect(made(address).checkIP(address)).toBe(address);
    expect(made(address).ca).toBe(false);
  });

  test("says its times also across the year 2050, where their form changes", () => {
    expect(made("h").validFromDate.toISOString()).toBe("2049-12-31T23:59:59.000Z");
    expect(made("h").validToDate.toISOString()).toBe("2050-01-01T00:00:00.000Z");
  });
});

test.each([
  [oid("1.2.840.113549.1.1.11"), "06092a864886f70d01010b"],
  [integer(Buffer.from([0x80])), "02020080"],
  [sequence(Buffer.alloc(200)).subarray(0, 4), "3081c800"],
  [time(new Date("2026-01-02T03:04:05Z")), "170d3236303130323033303430355a"],
])("DER of a value", (bytes, hex) => {
  expect(bytes.toString("hex")).toBe(hex);
});
