import type { FrontendRequest } from "../../frontend/index.ts";
import { CooperError } from "../../kit/index.ts";
import type { FrontendImage } from "./find-image.ts";

const inputs = "moby.buildkit.frontend.inputs";

/** Images of before frontends said what they can; these take inputs. */
const unlabelled: ReadonlySet<string> = new Set([
  "sha256:9ac1c43a60e31dca741a6fe8314130a9cd4c4db0311fbbc636ff992ef60ae76d",
  "sha256:080bd74d8778f83e7b670de193362d8c593c8b14f5c8fb919d28ee8feda0d069",
  "sha256:60543a9d92b92af5088fb2938fb09b2072684af8384399e153e137fe081f8ab4",
  "sha256:de85b2f3a3e8a2f7fe48e8e84a65f6fdd5cd5183afa6412fff9caa6871649c44",
]);

/** Refuses a request that the image does not say it can do, before it runs. Throws `gateway/unsupported-capability`. */
export function checkCapabilities(request: FrontendRequest, image: FrontendImage): void {
  const offered = capabilitiesOf(image.labels["moby.buildkit.frontend.caps"]);
  if (image.digest !== undefined && unlabelled.has(image.digest)) offered.add(inputs);
  const wanted = capabilitiesOf(request.options["frontend.caps"]);
  if (request.inputs.size > 0) wanted.add(inputs);
  for (const name of wanted) {
    if (offered.has(name)) continue;
    const details = { kind: "frontend-capability", name };
    throw new CooperError("gateway/unsupported-capability", `unsupported frontend capability ${name}`, { details });
  }
}

/** Names between commas; what follows a plus is a variant. */
function capabilitiesOf(text = ""): Set<string> {
  return new Set(
    text
      .split(",")
      .map((name) => name.replace(/\+.*$/s, ""))
      .filter((name) => name !== ""),
  );
}
