import { expect, test } from "vitest";
import { readPodApi } from "../kube/schema.ts";
import { readControllerConfig } from "./controller-config.ts";
import { controllerTypes } from "./controller-types.ts";

const api = readPodApi(controllerTypes);

test.each([
  [{ image: "" }, /image is ""/],
  [{ namespace: null }, /namespace is ""/],
  [{ "job-active-deadline-seconds": 0 }, /job-active-deadline-seconds is 0/],
  [{ "default-termination-grace-period-seconds": 0 }, /not empty/],
  [{ "pagination-page-size": 1001 }, /wanted 1 to 1000/],
  [{ "pagination-depth-limit": 0 }, /wanted 1 to 20/],
  [{ "reservation-expiry-seconds": 3601 }, /wanted 0 to 3600/],
  [{ "max-in-flight": -1 }, /wanted at least 0/],
  [{ "log-format": "xml" }, /wanted logfmt, json/],
  [{ "log-level": "loud" }, /wanted debug, info, warn, error/],
  [{ "profiler-address": "localhost" }, /wanted HOST:PORT/],
])("the controller does not start with %o", (file, wanted) => {
  expect(() => readControllerConfig(api, file)).toThrow(wanted);
});

test("what lies within the bounds is read", () => {
  const file = { "pagination-page-size": 1, "max-in-flight": 0, "log-level": "warn", "profiler-address": ":6060" };
  expect(
    readControllerConfig(api, { ...file, namespace: "builds", "reservation-expiry-seconds": 3600 }).image,
  ).toContain("agent");
});
