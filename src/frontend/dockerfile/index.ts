export { loadNamedContext } from "./context/load-named-context.ts";
export { dockerfileFrontend } from "./frontend.ts";
export { type AttestationOptions, readAttestationOptions, sbomRequest } from "./options/attestations.ts";
