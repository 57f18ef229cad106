export { type AskedProvenance, askedProvenance } from "./asked-options.ts";
export { CaptureBuilder } from "./capture-builder.ts";
export type * from "./contract.ts";
export { checkComplete, type IncompleteMaterials } from "./incomplete.ts";
export { outputName, predicateType, provenancePredicate } from "./predicate.ts";
