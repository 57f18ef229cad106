export type * from "./contract.ts";
export {
  type AttestationOptions,
  dockerfileFrontend,
  loadNamedContext,
  readAttestationOptions,
  sbomRequest,
} from "./dockerfile/index.ts";
export { makeScanner, type SbomRequest, sbomAttestation } from "./sbom/scanner.ts";
