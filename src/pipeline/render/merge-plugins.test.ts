import { expect, test } from "vitest";
import { mergePlugins } from "./merge-plugins.ts";

test("one plugin is itself; of two, the later is read over the earlier", () => {
  expect(mergePlugins([])).toBeUndefined();
  expect(mergePlugins([null])).toBeNull();
  expect(mergePlugins([{ podSpec: { a: 1 } }])).toEqual({ podSpec: { a: 1 } });
  const first = {
    podSpec: { containers: [{ name: "main", image: "a" }, { name: "b" }], volumes: [{ name: "v" }] },
    metadata: { labels: { x: "1", y: "1" } },
    checkout: { skip: true },
  };
  const second = {
    podSpec: { containers: [{ command: ["x"] }] },
    metadata: { labels: { y: "2" } },
    checkout: null,
  };
  expect(mergePlugins([first, second])).toEqual({
    podSpec: { containers: [{ name: "main", image: "a", command: ["x"] }], volumes: [{ name: "v" }] },
    metadata: { labels: { x: "1", y: "2" } },
    checkout: null,
  });
});
