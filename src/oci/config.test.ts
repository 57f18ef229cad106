import { expect, test } from "vitest";
import { encodeImageConfig, parseImageConfig } from "./config.ts";

// Written by upstream's frontend.
const upstream =
  '{"author":"Some One \\u003cso@example.com\\u003e","architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:0000000000000000000000000000000000000000000000000000000000001000"]},"history":[{"created":"2020-01-02T03:04:05Z","created_by":"golden base"},{"created_by":"MAINTAINER Some One \\u003cso@example.com\\u003e","comment":"buildkit.dockerfile.v0","empty_layer":true}],"config":{"User":"7","ExposedPorts":{"80/tcp":{}},"Env":["PATH=/bin"],"Cmd":["sh"],"Labels":{"-":"0","10":"b","9":"a"},"Healthcheck":{"Test":["CMD-SHELL","true"],"Interval":5000000000},"OnBuild":["RUN x"],"Shell":["/bin/sh"]}}';

test("encodeImageConfig() gives back upstream's bytes", () => {
  expect(encodeImageConfig(parseImageConfig(upstream))).toBe(upstream);
});

test("parseImageConfig() takes null for nothing, and drops what it does not know", () => {
  const config = parseImageConfig(
    '{"os":"linux","architecture":"arm","variant":"v7","config":{"Env":null,"Cmd":null,"X":1},"rootfs":{"type":"layers","diff_ids":null}}',
  );
  expect(config).toEqual({
    platform: { os: "linux", architecture: "arm", variant: "v7" },
    config: {},
    history: [],
  });
});

test("encodeImageConfig() trims a time's fraction as Go does", () => {
  const config = parseImageConfig('{"created":"2020-01-02T03:04:05.1200Z","os":"linux","architecture":"amd64"}');
  expect(encodeImageConfig(config)).toBe(
    '{"created":"2020-01-02T03:04:05.12Z","architecture":"amd64","os":"linux","rootfs":{"type":"","diff_ids":null},"config":{}}',
  );
});

test.each([
  "[]",
  "nonsense",
  '{"config":{"Env":[1]}}',
  '{"config":{"Cmd":"sh"}}',
  '{"rootfs":{"diff_ids":["../x"]}}',
  '{"history":[null]}',
])("parseImageConfig() refuses %s", (text) => {
  expect(() => parseImageConfig(text)).toThrow(expect.objectContaining({ code: "oci/bad-config" }));
});
