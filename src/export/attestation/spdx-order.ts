/** The order in which upstream writes an SPDX document's fields, and what stands in them. */
interface Shape {
  readonly keys: readonly string[];
  readonly inner?: Readonly<Record<string, Shape>>;
}

const words = (text: string): readonly string[] => text.split(" ");
const checksum: Shape = { keys: words("algorithm checksumValue") };
const annotation: Shape = { keys: words("annotator annotationDate annotationType comment") };
const file: Shape = {
  keys: words(
    "fileName SPDXID fileTypes checksums licenseConcluded licenseInfoInFiles licenseComments copyrightText artifactOfs comment noticeText fileContributors attributionTexts fileDependencies annotations",
  ),
  inner: { checksums: checksum, annotations: annotation, artifactOfs: { keys: words("name homePage URI") } },
};
const pkg: Shape = {
  keys: words(
    "name SPDXID versionInfo packageFileName supplier originator downloadLocation filesAnalyzed packageVerificationCode checksums homepage sourceInfo licenseConcluded licenseInfoFromFiles licenseDeclared licenseComments copyrightText summary description comment externalRefs attributionTexts primaryPackagePurpose releaseDate builtDate validUntilDate files annotations",
  ),
  inner: {
    packageVerificationCode: { keys: words("packageVerificationCodeValue packageVerificationCodeExcludedFiles") },
    checksums: checksum,
    externalRefs: { keys: words("referenceCategory referenceType referenceLocator comment") },
    files: file,
    annotations: annotation,
  },
};
const document: Shape = {
  keys: words(
    "spdxVersion dataLicense SPDXID name documentNamespace externalDocumentRefs comment creationInfo packages files hasExtractedLicensingInfos relationships annotations snippets",
  ),
  inner: {
    externalDocumentRefs: { keys: words("externalDocumentId spdxDocument checksum"), inner: { checksum } },
    creationInfo: { keys: words("licenseListVersion creators created comment") },
    packages: pkg,
    files: file,
    hasExtractedLicensingInfos: { keys: words("licenseId extractedText name seeAlsos comment") },
    relationships: { keys: words("spdxElementId relatedSpdxElement relationshipType comment") },
    annotations: annotation,
    snippets: {
      keys: words(
        "SPDXID snippetFromFile ranges licenseConcluded licenseInfoInSnippets licenseComments copyrightText comment name",
      ),
    },
  },
};

/** The document with its fields in upstream's order; those that upstream does not know stand last. */
export function inSpdxOrder(value: unknown): unknown {
  return ordered(value, document);
}

function ordered(value: unknown, shape: Shape): unknown {
  if (Array.isArray(value)) return value.map((one) => ordered(one, shape));
  if (typeof value !== "object" || value === null) return value;
  const fields = new Map(Object.entries(value));
  const known = shape.keys.filter((key) => fields.has(key));
  const names = [...known, ...[...fields.keys()].filter((key) => !shape.keys.includes(key))];
  const part = (key: string) => {
    const inner = shape.inner?.[key];
    return inner === undefined ? fields.get(key) : ordered(fields.get(key), inner);
  };
  return new Map(names.map((key) => [key, part(key)] as const));
}
