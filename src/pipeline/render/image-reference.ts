/** Why this is no image reference, in the words of the reference library that the controller uses; undefined when it is one. */
export function referenceProblem(image: string): string | undefined {
  const found = referencePattern.exec(image);
  if (found === null) {
    if (image === "") return "repository name must have at least one component";
    return referencePattern.test(image.toLowerCase())
      ? "repository name must be lowercase"
      : "invalid reference format";
  }
  const [, name = "", , digest] = found;
  if (name.length > 255) return "repository name must not be more than 255 characters";
  return digest === undefined ? undefined : digestProblem(digest);
}

/** True for a reference that is pinned by a digest. */
export function isPinned(image: string): boolean {
  return image.includes("@");
}

const domainPart = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const domain = `(?:${domainPart}(?:\\.${domainPart})*|\\[(?:[a-fA-F0-9:]+)\\])(?::[0-9]+)?`;
const pathPart = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const name = `(?:${domain}/)?${pathPart}(?:/${pathPart})*`;
const digest = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
const referencePattern = new RegExp(`^(${name})(?::([\\w][\\w.-]{0,127}))?(?:@(${digest}))?$`);

const digestLengths = new Map([
  ["sha256", 64],
  ["sha384", 96],
  ["sha512", 128],
]);

function digestProblem(text: string): string | undefined {
  const [algorithm = "", hex = ""] = text.split(":");
  const length = digestLengths.get(algorithm);
  if (length === undefined) return "unsupported digest algorithm";
  if (hex.length !== length) return "invalid checksum digest length";
  return /^[0-9a-f]+$/.test(hex) ? undefined : "invalid checksum digest format";
}
