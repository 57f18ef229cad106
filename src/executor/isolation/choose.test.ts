import { expect, test } from "vitest";
import { chooseIsolation } from "./choose.ts";
import type { Trials } from "./contract.ts";

/** Trials that fail with the given reasons, and note that they were made. */
function trials(reasons: Partial<Record<keyof Trials, string>>): Trials & { readonly made: string[] } {
  const made: string[] = [];
  const trial = (name: keyof Trials) => async () => {
    made.push(name);
    return reasons[name];
  };
  return { made, oci: trial("oci"), rootless: trial("rootless"), chroot: trial("chroot") };
}

test("auto takes the strongest that works, tries nothing weaker, and says why not a stronger one", async () => {
  const all = trials({});
  expect(await chooseIsolation("auto", all)).toEqual({ rung: "oci", why: [] });
  expect(all.made).toEqual(["oci"]);
  const some = trials({ oci: "no right", rootless: "no namespace" });
  const why = ["not oci: no right", "not rootless: no namespace"];
  expect(await chooseIsolation("auto", some)).toEqual({ rung: "chroot", why });
  const none = trials({ oci: "1", rootless: "2", chroot: "3" });
  expect((await chooseIsolation("auto", none)).rung).toBe("no-exec");
});

test("what is asked for is tried alone, and is an error with the pod's setting when it cannot work", async () => {
  const asked = trials({ oci: "no right" });
  expect(await chooseIsolation("chroot", asked)).toEqual({ rung: "chroot", why: ["asked for"] });
  expect(asked.made).toEqual(["chroot"]);
  expect(await chooseIsolation("no-exec", trials({}))).toMatchObject({ rung: "no-exec" });
  await expect(chooseIsolation("oci", asked)).rejects.toMatchObject({
    code: "executor/no-isolation",
    message: 'cannot use isolation "oci": no right',
    hint: expect.stringContaining("privileged: true"),
  });
  await expect(chooseIsolation("jail", asked)).rejects.toMatchObject({ code: "executor/bad-isolation" });
});
